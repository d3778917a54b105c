// What can be chosen of what a service lists.

import { t } from "../strings/strings.svelte";

/** The default, the service's list, and what is chosen though the list does not have it. `usual` names the default. */
export function chosenOf(
  list: readonly { id: string; name: string }[] | undefined,
  chosen: string | null | undefined,
  usual: string,
): { value: string; text: string }[] {
  const own = (list ?? []).map(({ id, name }) => ({ value: id, text: name }));
  const known = chosen === null || chosen === undefined || own.some(({ value }) => value === chosen);
  return [
    { value: "", text: usual ? t("providers.usualNow", { name: usual }) : t("settings.default") },
    ...(known ? [] : [{ value: chosen, text: chosen }]),
    ...own,
  ];
}
