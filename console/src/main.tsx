import "@fontsource-variable/inter/wght.css";
import "@fontsource-variable/jetbrains-mono/wght.css";
import "./styles/index.css";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./app/App";
import { makeRouter } from "./app/routes";
import { loadConfig } from "./auth/config";
import { Session } from "./auth/session";

const root = createRoot(document.getElementById("root") ?? document.body);
// Begins to fetch the page's own code, while the configuration is still on its way.
const router = makeRouter();

async function start(): Promise<void> {
  const session = new Session(await loadConfig());
  await session.restore();
  root.render(
    <StrictMode>
      <App session={session} router={router} />
    </StrictMode>,
  );
}

start().catch((error: unknown) => {
  root.render(
    <main className="alone" role="alert">
      <h1>The console cannot start</h1>
      <p>{error instanceof Error ? error.message : String(error)}</p>
      <p>
        <a href={window.location.href}>Try again</a>
      </p>
    </main>,
  );
});
