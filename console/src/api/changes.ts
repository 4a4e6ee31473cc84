import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useApi } from "./queries";

/** Something done to what the group has set, after which these lists are read anew. */
export function useChange<Given, Answer>(change: (given: Given) => Promise<Answer>, lists: readonly string[]) {
  const { group } = useApi();
  const client = useQueryClient();
  return useMutation({
    mutationFn: change,
    onSuccess: () => Promise.all(lists.map((list) => client.invalidateQueries({ queryKey: [group, list] }))),
  });
}
