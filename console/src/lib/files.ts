/** Hands something to the person as a file of theirs. */
export function download(name: string, type: string, content: string | Blob): void {
  const url = URL.createObjectURL(new Blob([content], { type }));
  downloadFrom(url, name);
  // The click has only begun the download; the address must outlive it.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** The same for what lies behind an address that answers a file to be saved. */
export function downloadFrom(url: string, name: string): void {
  Object.assign(document.createElement("a"), { href: url, download: name, rel: "noopener" }).click();
}

/** SHA-256, in hexadecimal. */
export async function hashOf(content: ArrayBuffer): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", content));
  return [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
