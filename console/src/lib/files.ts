/** Hands text to the person as a file of theirs. */
export function download(name: string, type: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = Object.assign(document.createElement("a"), { href: url, download: name });
  link.click();
  // The click has only begun the download; the address must outlive it.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
