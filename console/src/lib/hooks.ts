import { type RefObject, useCallback, useEffect, useLayoutEffect, useRef, useState, useSyncExternalStore } from "react";
import {
  type Location,
  type NavigateOptions,
  useLocation,
  useNavigate,
  useNavigation,
  useSearchParams,
} from "react-router";

/** The time, updated every `ms` while `active`. */
export function useNow(active: boolean, ms = 1000): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    if (!active) return;
    const timer = setInterval(() => setNow(Date.now()), ms);
    return () => clearInterval(timer);
  }, [active, ms]);
  return now;
}

const SIGNS = ["pointermove", "pointerdown", "keydown", "focusin"] as const;
let touched = false;

/** Whether somebody moved a pointer, pressed a key or entered a field since the page was loaded: then what is large, and
 * of use only to who works with it, may be fetched. */
export function useTouched(): boolean {
  return useSyncExternalStore(onFirstSign, () => touched);
}

function onFirstSign(tell: () => void): () => void {
  const stop = (): void => SIGNS.forEach((sign) => window.removeEventListener(sign, seen, true));
  const seen = (): void => {
    touched = true;
    stop();
    tell();
  };
  SIGNS.forEach((sign) => window.addEventListener(sign, seen, true));
  return stop;
}

/** Runs while no field is being typed in and no dialog is open. `handler` answers true when the key was for it. */
export function useKeys(handler: (event: KeyboardEvent) => boolean | undefined): void {
  const current = useRef(handler);
  useEffect(() => {
    current.current = handler;
  });
  useEffect(() => {
    const listen = (event: KeyboardEvent): void => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
      const target = event.target as HTMLElement | null;
      if (target?.closest("input, textarea, select, [contenteditable], [role=dialog], [role=menu]")) return;
      if (current.current(event)) event.preventDefault();
    };
    window.addEventListener("keydown", listen);
    return () => window.removeEventListener("keydown", listen);
  }, []);
}

const asked = new WeakMap<Location, URLSearchParams>();

/**
 * Changes the parameters of the address. The router renders a change a little later; one that is made meanwhile goes on
 * from it and does not undo it.
 */
export function useChangeParams(): (change: (params: URLSearchParams) => void, options: NavigateOptions) => void {
  const navigate = useNavigate();
  const location = useLocation();
  return useCallback(
    (change, options) => {
      const after = new URLSearchParams(asked.get(location) ?? location.search);
      change(after);
      asked.set(location, after);
      void navigate({ search: after.toString() }, options);
    },
    [navigate, location],
  );
}

/** Changes several parameters of the address at once; "" removes one. It does not fill the browser's history. */
export function useSetParams(): (changes: Record<string, string>) => void {
  const changeParams = useChangeParams();
  const { state } = useLocation() as { state: unknown };
  return useCallback(
    (changes: Record<string, string>) =>
      changeParams(
        (params) => {
          for (const [name, value] of Object.entries(changes)) {
            if (value) params.set(name, value);
            else params.delete(name);
          }
        },
        { replace: true, state },
      ),
    [changeParams, state],
  );
}

/** One parameter of the address. */
export function useParam(name: string): [string, (value: string) => void] {
  const [params] = useSearchParams();
  const setParams = useSetParams();
  const set = useCallback((value: string) => setParams({ [name]: value }), [name, setParams]);
  return [params.get(name) ?? "", set];
}

const TYPING_MS = 250;

/**
 * A parameter that is typed. The router changes the address a little later, which would swallow letters, so what is
 * typed is kept here and follows into the address; a change from elsewhere (a link, "clear") is taken over.
 */
export function useTypedParam(name: string): [string, (value: string) => void] {
  const [param, setParam] = useParam(name);
  const [own, setOwn] = useState({ text: param, param, writes: [] as string[] });
  const [typed, setTyped] = useState<string | null>(null);
  if (param !== own.param) {
    const at = own.writes.indexOf(param);
    if (at < 0) setTyped(null); // what was typed just before must not come back
    setOwn(at < 0 ? { text: param, param, writes: [] } : { ...own, param, writes: own.writes.slice(at + 1) });
  }
  const { text } = own;
  const { pathname } = useLocation();
  const { location: next } = useNavigation();
  const write = useRef(setParam);
  useEffect(() => {
    // Another page is about to open, which writing would call off.
    write.current = next && next.pathname !== pathname ? () => {} : setParam;
  });
  useEffect(() => {
    if (typed === null) return;
    const page = window.location.pathname;
    const timer = setTimeout(() => {
      if (window.location.pathname !== page) return; // another page is about to open: it must not be called back
      setOwn((before) => ({ ...before, writes: [...before.writes, typed] }));
      write.current(typed);
    }, TYPING_MS);
    return () => clearTimeout(timer);
  }, [typed]);
  const set = useCallback((value: string) => {
    setOwn((before) => ({ ...before, text: value }));
    setTyped(value);
  }, []);
  return [text, set];
}

export function useDebounced<T>(value: T, ms: number): T {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), ms);
    return () => clearTimeout(timer);
  }, [value, ms]);
  return settled;
}

export function useTitle(title: string): void {
  useEffect(() => {
    document.title = `${title} · Stepcrew`;
  }, [title]);
}

/** A page that opened by keyboard takes the keyboard, unless something on it has it already. */
export function useFocusOnOpen(element: RefObject<HTMLElement | null>): void {
  useEffect(() => {
    if (document.activeElement === document.body) element.current?.focus({ preventScroll: true });
  }, [element]);
}

export function useStored(key: string, initial: string): [string, (value: string) => void] {
  const [value, setValue] = useState(() => localStorage.getItem(key) ?? initial);
  const set = useCallback(
    (next: string) => {
      localStorage.setItem(key, next);
      setValue(next);
    },
    [key],
  );
  return [value, set];
}

/** For a row of links that may be wider than the screen: scrolls it to the link of the page that is shown. */
export function useCurrentInSight(): RefObject<HTMLElement | null> {
  const row = useRef<HTMLElement>(null);
  const { pathname } = useLocation();
  useLayoutEffect(() => {
    const link = row.current?.querySelector("[aria-current=page]")?.getBoundingClientRect();
    if (!row.current || !link) return;
    const { left, width } = row.current.getBoundingClientRect();
    row.current.scrollLeft += link.left + link.width / 2 - (left + width / 2);
  }, [pathname]);
  return row;
}
