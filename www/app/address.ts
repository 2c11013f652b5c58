/** The address as it was written, or without user and password if it has them. */
export function withoutUser(address: string, base: string): string {
  let url: URL;
  try {
    url = new URL(address, base);
  } catch {
    return address.replace(/^.*@/s, "");
  }
  if (!url.username && !url.password) return address;
  url.username = "";
  url.password = "";
  return url.href;
}
