import { useEffect, useRef, useState } from "react";
import { useNavigate } from "react-router";
import { useSession } from "@/app/context";
import { Loading } from "@/ui/kit";

/** Where the issuer sends the person back to. */
export function SignedIn() {
  const session = useSession();
  const navigate = useNavigate();
  const [failure, setFailure] = useState("");
  const begun = useRef(false);
  useEffect(() => {
    if (begun.current) return; // a code can be redeemed once
    begun.current = true;
    session.finishSignIn().then(
      (path) => navigate(path, { replace: true }),
      (error: unknown) => setFailure(error instanceof Error ? error.message : String(error)),
    );
  }, [session, navigate]);
  if (!failure) return <Loading label="Signing in…" />;
  return (
    <main className="alone" role="alert">
      <h1>Signing in failed</h1>
      <p>{failure}</p>
      <p>
        <a href="/">Start again</a>
      </p>
    </main>
  );
}
