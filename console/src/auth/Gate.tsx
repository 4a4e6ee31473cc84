import "./sign-in.css";
import { useSyncExternalStore } from "react";
import { Outlet, useLocation } from "react-router";
import { useSession } from "@/app/context";
import { Avatar } from "@/app/Avatar";
import { Logo } from "@/app/Logo";
import { useTitle } from "@/lib/hooks";
import { Button } from "@/ui/kit";
import { Modal } from "@/ui/Modal";

/** Nothing behind it is shown to who is not signed in. An expired sign-in is renewed without losing the page. */
export function Gate() {
  const session = useSession();
  const signedIn = useSyncExternalStore(session.subscribe, () => session.signedIn);
  const expired = useSyncExternalStore(session.subscribe, () => session.expired);
  if (!signedIn) return <SignIn />;
  return (
    <>
      <Outlet />
      <Modal
        title="Your sign-in has expired"
        open={expired}
        onClose={() => undefined}
        insistent
        description="Sign in again to go on. You come back to this page, and what you wrote stays."
      >
        <SignInChoices />
      </Modal>
    </>
  );
}

function SignIn() {
  useTitle("Sign in");
  return (
    <main className="sign-in">
      <div className="sign-in-card">
        <Logo size={40} />
        <h1>Stepcrew</h1>
        <p className="faint">Watch a crew work, and understand what it did.</p>
        <SignInChoices />
      </div>
    </main>
  );
}

function SignInChoices() {
  const session = useSession();
  const { pathname, search, hash } = useLocation();
  const returnTo = pathname + search + hash;
  const identities = session.config.local ? (session.config.identities ?? []) : [];
  if (!identities.length) {
    return (
      <Button look="primary" onClick={() => void session.signIn(returnTo)}>
        Sign in
      </Button>
    );
  }
  return (
    <ul className="identities" aria-label="Demo identities">
      {identities.map(({ name, description }) => (
        <li key={name}>
          <button type="button" className="identity" onClick={() => void session.signIn(returnTo, name)}>
            <Avatar name={name} />
            <span>
              <strong>{name.charAt(0).toUpperCase() + name.slice(1)}</strong>
              <span className="faint">{description}</span>
            </span>
          </button>
        </li>
      ))}
    </ul>
  );
}
