// What the system prefers, as it changes.

export function follows(query: string): { readonly is: boolean } {
  const media = matchMedia(query);
  let is = $state(media.matches);
  media.addEventListener("change", (event) => (is = event.matches));
  return {
    get is() {
      return is;
    },
  };
}
