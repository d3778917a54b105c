// Choosing: a voice by its sample, a model by its speed, a persona by its preset; and keys where the desktop gives them.

import { beforeEach, describe, expect, it } from "vitest";

import { type Open, openTheatre, type Scene } from "./stage";

const theatre = openTheatre();
let scene: Scene;

const show = async (open: Open = {}): Promise<void> => {
  scene = await theatre.show({ window: "settings", ...open });
};
const section = (name: string): Promise<void> =>
  scene.page.getByRole("navigation").getByRole("button", { name, exact: true }).click();

describe("voices", () => {
  beforeEach(() => show());

  it("say a sample each, lit word by word, and can be hushed", async () => {
    await scene.wait(50);
    await scene.page.getByRole("button", { name: "Listen to Fenrir" }).click();
    await scene.wait(400);
    const [[model, text]] = (await scene.calls("hearVoice")) as [[string, string]];
    expect(model).toBe("hibari-fenrir");
    expect(text).toContain("each word");
    const first = (await scene.painted()).now;
    await scene.wait(800);
    const later = (await scene.painted()).now;
    expect(text.split(" ")).toContain(first);
    expect(text.split(" ")).toContain(later);
    expect(later).not.toBe(first);
    await scene.page.getByRole("button", { name: "Stop" }).click();
    await scene.wait(50);
    expect(await scene.calls("endTest")).toEqual([[]]);
    expect(await scene.painted()).toEqual({});
  });

  it("show how far they are on their way, and can be called off", async () => {
    await scene.wait(50);
    await scene.stage((stage) => {
      const voice = stage.world.models.find((model) => model.id === "hibari-fenrir");
      if (voice) voice.state = { kind: "missing" };
      stage.emit("modelEnded", { model: "another", failure: null });
    });
    await scene.wait(50);
    await scene.stage((stage) => {
      stage.emit("modelProgress", {
        model: "hibari-fenrir", phase: "downloading", source: null, bytes: 6_900_000, total: 13_800_000, rate: 1_000_000,
      });
    });
    await scene.wait(50);
    const fenrir = scene.page.getByRole("group", { name: "Fenrir" });
    expect(await fenrir.innerText()).toContain("6.9 MB of 13.8 MB");
    await fenrir.getByRole("button", { name: "Cancel" }).click();
    await scene.wait(50);
    expect(await scene.calls("cancelDownload")).toEqual([["hibari-fenrir"]]);
  });

  it("are got though nobody can check them, where one agrees", async () => {
    await scene.close();
    await show({ world: `Object.assign(world.models.find(({ id }) => id === "hibari-fenrir"), {
      state: { kind: "missing" }, verified: false });` });
    await scene.wait(50);
    const download = scene.page.getByRole("group", { name: "Fenrir" }).getByRole("button", { name: /^Download/u });
    await download.click();
    expect(await scene.page.getByRole("dialog").innerText()).toContain("Fenrir has no published checksum");
    await scene.page.getByRole("dialog").getByRole("button", { name: "Cancel" }).click();
    await scene.wait(50);
    expect(await scene.calls("download")).toEqual([]);
    await download.click();
    await scene.page.getByRole("dialog").getByRole("button", { name: "Download" }).click();
    await scene.wait(50);
    expect(await scene.calls("download")).toEqual([["hibari-fenrir", true]]);
  });

  it("are chosen with one click", async () => {
    await scene.wait(50);
    await scene.page.getByRole("group", { name: "Fenrir" }).getByRole("button", { name: "Use" }).click();
    await scene.wait(50);
    expect(await scene.calls("set")).toEqual([["on_device.voice", "hibari-fenrir"]]);
  });
});

describe("models", () => {
  it("say why the one in use cannot be removed, and that another one can be chosen", async () => {
    await show();
    await section("Models");
    await scene.wait(50);
    const fenrir = scene.page.getByRole("group", { name: "Fenrir" });
    const [remove, why] = [fenrir.getByRole("button", { name: "Remove" }), "To remove it, choose another one first."];
    expect(await remove.count()).toBe(1);
    // What Libretto comes with is not removed at all.
    expect(await scene.page.getByText(why).count()).toBe(0);
    await fenrir.getByRole("button", { name: "Use" }).click();
    await scene.stage((stage) => {
      for (const model of stage.world.models) if (model.part === "voice") model.chosen = model.id === "hibari-fenrir";
      stage.emit("modelEnded", { model: "another", failure: null });
    });
    await scene.wait(50);
    expect(await remove.count()).toBe(0);
    expect(await fenrir.getByText(why).isVisible()).toBe(true);
    expect(await scene.page.getByText(why).count()).toBe(1);
  });

  it("show the speed that was measured here, and measure it", async () => {
    await show();
    await section("Models");
    await scene.wait(50);
    const model = (name: string) => scene.page.getByRole("group", { name });
    expect(await model("SmolLM2 135M").innerText()).toContain("42 words per second on this computer, the first after 0.2 sec");
    expect(await model("Moonshine tiny").innerText()).toContain("11× as fast as speech on this computer");
    await model("Hibari").getByRole("button", { name: "Measure speed" }).click();
    await scene.wait(50);
    expect(await scene.calls("measureModel")).toEqual([["hibari"]]);
    expect(await model("Hibari").innerText()).toContain("7.3× as fast as speech on this computer");
  });
});

describe("personas", () => {
  beforeEach(async () => {
    await show();
    await section("Conversation");
  });

  it("begin with a preset, are renamed and deleted", async () => {
    await scene.page.getByRole("button", { name: "Add persona" }).click();
    await scene.page.getByRole("button", { name: "Patient tutor" }).click();
    await scene.wait(50);
    expect(await scene.page.locator("#persona-prompt").inputValue()).toContain("patient tutor");
    await scene.page.locator("#persona-name").fill("Ms Frizzle");
    await scene.press("Tab");
    await scene.wait(50);
    const now = await scene.stage((stage) => stage.world.settings.conversation);
    expect(now.persona).toBe("Ms Frizzle");
    expect(now.personas.map((persona) => persona.name)).toEqual(["Ms Frizzle"]);
    // The name keeps the focus's place: Tab leads on from it.
    expect(await scene.page.evaluate(() => document.activeElement?.id)).toBe("persona-prompt");
    await scene.page.getByRole("button", { name: "Remove Ms Frizzle" }).click();
    await scene.wait(50);
    expect(await scene.stage((stage) => stage.world.settings.conversation.personas)).toEqual([]);
    // One deed, one change: it comes back whole, and stays chosen.
    await scene.page.getByRole("button", { name: "Undo", exact: true }).click();
    await scene.wait(50);
    expect(await scene.page.locator("#persona-name").inputValue()).toBe("Ms Frizzle");
    expect(await scene.page.locator("#persona-prompt").inputValue()).toContain("patient tutor");
  });

  it("have a voice, a language and a speed of their own", async () => {
    await scene.page.getByRole("button", { name: "Add persona" }).click();
    await scene.page.getByRole("button", { name: "Storyteller", exact: true }).click();
    await scene.wait(50);
    const persona = scene.page.getByRole("group", { name: "Storyteller" });
    await persona.getByLabel("Language of replies").selectOption("fr");
    await scene.wait(50);
    await persona.getByLabel("Speed").selectOption("0.9");
    await scene.wait(50);
    await persona.getByLabel("Voice", { exact: true }).fill("George");
    await scene.press("Tab");
    await scene.wait(50);
    const now = async () => (await scene.stage((stage) => stage.world.settings.conversation.personas))[0];
    expect(await now()).toMatchObject({ name: "Storyteller", voice: "George", language: "fr", speed: 0.9 });
    await persona.getByLabel("Speed").selectOption("");
    await scene.wait(50);
    expect(Object.keys((await now()) ?? {})).toEqual(["name", "system_prompt", "language", "voice"]);
  });

  it("have a language model of their own, and whose voice it is", async () => {
    await scene.page.getByRole("button", { name: "Add persona" }).click();
    await scene.page.getByRole("button", { name: "Storyteller", exact: true }).click();
    await scene.wait(50);
    const persona = scene.page.getByRole("group", { name: "Storyteller" });
    const now = async () => (await scene.stage((stage) => stage.world.settings.conversation.personas))[0];
    // Who can do it, and nobody else.
    const provider = persona.getByLabel("Model provider");
    expect(await provider.locator("option").allInnerTexts()).toEqual(["Default", "OpenAI", "OpenRouter", "This computer"]);
    expect(await persona.getByLabel("Language model").count()).toBe(0);
    await provider.selectOption("openai");
    await scene.wait(50);
    const model = persona.getByLabel("Language model");
    await model.focus();
    await scene.wait(50);
    expect(await scene.calls("providerModels")).toEqual([["openai", "model"]]);
    expect((await model.locator("option").allInnerTexts())[0]).toBe("Default (gpt-5.4-mini)");
    await model.selectOption("eleven_v3");
    await persona.getByLabel("Voice provider").selectOption("elevenlabs");
    await scene.wait(50);
    expect(await now()).toMatchObject({ model_provider: "openai", model: "eleven_v3", voice_provider: "elevenlabs" });
    // A model belongs to its provider.
    await provider.selectOption("on-device");
    await scene.wait(50);
    expect(await now()).toMatchObject({ model_provider: "on-device" });
    expect(await now()).not.toHaveProperty("model");
    expect(await persona.getByLabel("Language model").count()).toBe(0);
    expect(await scene.axe()).toEqual([]);
  });

  it("say what is wrong with a name", async () => {
    for (let n = 0; n < 2; n++) {
      await scene.page.getByRole("button", { name: "Add persona" }).click();
      await scene.page.getByRole("button", { name: "Storyteller", exact: true }).click();
      await scene.wait(50);
    }
    const name = scene.page.locator("#persona-name");
    const says = async (text: string): Promise<string> => {
      await name.fill(text);
      await scene.press("Enter");
      await scene.wait(50);
      return (await scene.page.locator("#persona-wrong").allInnerTexts()).join();
    };
    expect(await says(" ")).toBe("A persona needs a name.");
    expect(await says("Storyteller")).toBe("Another persona is called that already.");
    expect(await says("Storyteller 2")).toBe("");
    expect(await says("")).toBe("A persona needs a name.");
    expect(await says("Ada")).toBe("");
    const names = await scene.stage((stage) => stage.world.settings.conversation.personas.map((persona) => persona.name));
    expect(names).toEqual(["Storyteller", "Ada"]);
  });

  it("say where they count in place of a setting", async () => {
    const persona = 'name: "Ada", speed: 1.5, language: "fr"';
    const world = `Object.assign(world.settings.conversation, { persona: "Ada", personas: [{ ${persona} }] });`;
    await scene.close();
    await show({ world });
    const speed = () => scene.page.getByLabel("Speed");
    expect(await speed().isDisabled()).toBe(true);
    expect(await speed().inputValue()).toBe("1.5");
    expect(await scene.page.getByText("Set by the persona “Ada”, under “Conversation”.").isVisible()).toBe(true);
    await section("Language");
    const language = scene.page.getByLabel("Language of replies");
    expect(await language.isDisabled()).toBe(true);
    expect(await language.inputValue()).toBe("fr");
    // Where none is chosen, the settings count.
    await section("Conversation");
    await scene.page.getByLabel("Persona", { exact: true }).selectOption("");
    await scene.wait(50);
    await section("Voice");
    expect(await speed().isDisabled()).toBe(false);
    expect(await speed().inputValue()).toBe("1");
    await scene.close();
    await show({ window: "main", world });
    await scene.page.getByRole("button", { name: "Sound" }).click();
    expect(await speed().isDisabled()).toBe(true);
    expect(await scene.page.getByText("Set by the persona “Ada”").isVisible()).toBe(true);
    expect(await scene.axe()).toEqual([]);
  });

  it("of the same preset have names of their own", async () => {
    for (let n = 0; n < 2; n++) {
      await scene.page.getByRole("button", { name: "Add persona" }).click();
      await scene.page.getByRole("button", { name: "Storyteller", exact: true }).click();
      await scene.wait(50);
    }
    const names = await scene.stage((stage) => stage.world.settings.conversation.personas.map((p) => p.name));
    expect(names).toEqual(["Storyteller", "Storyteller 2"]);
  });
});

describe("what nobody asked for", () => {
  const world = 'world.snapshot.notices = [{ about: "secrets", sentence: "The keychain is locked: unlock it." }];';

  it("is told in the window's language, and the backend's words can be opened below", async () => {
    await show({ window: "main", world: `${world} world.settings.appearance.language = "de";` });
    expect(await scene.page.getByText("Deine API-Schlüssel sind gerade nicht erreichbar.").isVisible()).toBe(true);
    const detail = scene.page.getByText("The keychain is locked: unlock it.");
    expect(await detail.isVisible()).toBe(false);
    await scene.page.getByText("Details", { exact: true }).click();
    expect(await detail.isVisible()).toBe(true);
  });

  it("is told in the backend's own words where they are understood, and is put away", async () => {
    await show({ window: "main", world });
    const notice = scene.page.getByText("The keychain is locked: unlock it.");
    expect(await notice.isVisible()).toBe(true);
    expect(await scene.page.getByText("can’t be reached right now").count()).toBe(0);
    await scene.page.getByRole("button", { name: "Dismiss" }).click();
    expect(await notice.count()).toBe(0);
  });
});

describe("a talk key that another app has", () => {
  it("is told in the main window, with the way to another one", async () => {
    await show({ window: "main", world: 'world.snapshot.shell.hotkeys[0].problem = "Another app is using it.";' });
    const notice = scene.page.getByText("Ctrl+Shift+Space isn’t available right now");
    expect(await notice.isVisible()).toBe(true);
    await scene.page.getByRole("button", { name: "Hotkeys" }).click();
    await scene.wait(20);
    expect(await scene.calls("show")).toEqual([["settings", "hotkeys"]]);
    await scene.page.getByRole("button", { name: "Dismiss" }).click();
    expect(await notice.count()).toBe(0);
  });
});

describe("hotkeys on Wayland", () => {
  it("that the desktop gives are shown as it says, and a missing one is told", async () => {
    const given = `world.snapshot.shell.way = "portal";
      world.snapshot.shell.hotkeys[0].trigger = "Press Super+T";
      world.snapshot.shell.hotkeys[2].problem = "The desktop has given no key for this.";`;
    await show({ world: given });
    await section("Hotkeys");
    expect(await scene.page.getByText("On this desktop (Wayland), the system assigns the keys").isVisible()).toBe(true);
    expect(await scene.page.getByText("Assigned by the desktop: Press Super+T").isVisible()).toBe(true);
    expect(await scene.page.getByText("The desktop hasn’t assigned a key yet").count()).toBe(1);
    expect(await scene.page.getByText("Works in Libretto’s own windows.").count()).toBe(1);
  });

  it("that nobody can give are no fields but commands, and the rest is said plainly", async () => {
    await show({ world: 'world.snapshot.shell.way = "command"; for (const key of world.snapshot.shell.hotkeys) key.problem = "No keys.";' });
    await section("Hotkeys");
    expect(await scene.page.getByRole("button", { name: /Change the key/u }).count()).toBe(0);
    expect(await scene.page.getByText("libretto toggle", { exact: true }).isVisible()).toBe(true);
    await scene.page.getByRole("button", { name: "Copy: libretto toggle" }).click();
    await scene.wait(20);
    expect(await scene.calls("copy")).toEqual([["libretto toggle"]]);
    expect(await scene.page.getByText("Space to talk and Esc to cancel always work").isVisible()).toBe(true);
  });
});
