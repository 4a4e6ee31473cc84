import "./conversation.css";
import { useState } from "react";
import type { Json } from "@/api/types";
import { asJson, harmless, preview } from "@/lib/text";
import type { Message, ToolCall } from "@/trace/messages";
import { Viewer, textOf } from "@/ui/Viewer";

interface Props {
  messages: Message[];
  /** So many at the beginning were sent with the call before, too. */
  shared: number;
  name: string;
}

/** So many new messages stand open; of more, the last one only. */
const OPEN_MOST = 3;

/** What a model was sent. What the call before sent already is folded into one line; what is new is marked. */
export function Conversation({ messages, shared, name }: Props) {
  const [whole, setWhole] = useState(false);
  const fold = shared > 0 && !whole;
  const fresh = messages.length - shared;
  return (
    <ol className="messages">
      {fold && (
        <li>
          <button type="button" className="messages-shared" onClick={() => setWhole(true)}>
            {shared} {shared === 1 ? "message" : "messages"} as in the call before
          </button>
        </li>
      )}
      {messages.map((message, index) => {
        if (fold && index < shared) return null;
        const last = index === messages.length - 1;
        return (
          <MessageView
            key={index}
            message={message}
            name={`${name}-${index + 1}`}
            open={last || (shared > 0 && index >= shared && fresh <= OPEN_MOST)}
            fresh={shared > 0 && index >= shared}
          />
        );
      })}
    </ol>
  );
}

interface ViewProps {
  message: Message;
  name: string;
  open: boolean;
  fresh: boolean;
}

function MessageView({ message, name, open, fresh }: ViewProps) {
  const [shown, setShown] = useState(open);
  const text = textOf(message.content);
  const calls = message.calls.map((call) => call.name).join(", ");
  return (
    <li className={`message message-${message.role}`}>
      <button type="button" className="message-head" aria-expanded={shown} onClick={() => setShown(!shown)}>
        <span className="message-role">
          {message.role}
          {message.tool && <span className="faint"> {harmless(message.tool)}</span>}
        </span>
        {fresh && <span className="tag tag-new">new</span>}
        {!shown && <bdi className="message-preview">{preview(text, 120) || (calls && `calls ${calls}`)}</bdi>}
      </button>
      {shown && (
        <div className="message-body">
          {text && <Viewer name={name} value={message.content} />}
          <Calls calls={message.calls} name={name} />
        </div>
      )}
    </li>
  );
}

export function Calls({ calls, name }: { calls: ToolCall[]; name: string }) {
  return calls.map((call, index) => (
    <div key={index}>
      <p>
        Calls <code>{harmless(call.name)}</code> with
      </p>
      <Viewer name={`${name}-call-${index + 1}`} value={decoded(call.args)} />
    </div>
  ));
}

/** Arguments may come as the model wrote them: JSON as text. */
export function decoded(value: Json): Json {
  return typeof value === "string" ? ((asJson(value) as Json | null) ?? value) : value;
}
