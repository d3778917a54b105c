// Input methods (Chinese, Japanese, …) have keys of their own while they compose.

/** Whether a key belongs to an input method. WebKit tells the one that ends a word after it has ended. */
export function composes(event: KeyboardEvent): boolean {
  const ENDED = 229;
  // The code is deprecated, and nothing else tells it.
  return event.isComposing || event.keyCode === ENDED;
}
