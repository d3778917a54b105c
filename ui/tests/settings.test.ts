// Every kind of setting, changed and found again.

import { beforeEach, describe, expect, it } from "vitest";

import { type Open, openTheatre, type Scene } from "./stage";

const theatre = openTheatre();
let scene: Scene;

const show = async (open: Open = {}): Promise<void> => {
  scene = await theatre.show(open);
};

describe("the settings", () => {
  const section = (name: string): Promise<void> =>
    scene.page.getByRole("navigation").getByRole("button", { name, exact: true }).click();
  beforeEach(() => show({ window: "settings" }));

  it("take effect at once and are undone", async () => {
    await section("Appearance");
    await scene.page.getByLabel("Theme").selectOption("dark");
    await scene.wait(50);
    const theme = (): Promise<string | undefined> => scene.page.evaluate(() => document.documentElement.dataset.theme);
    expect(await theme()).toBe("dark");
    await scene.page.getByRole("button", { name: "Undo", exact: true }).click();
    await scene.wait(50);
    expect(await theme()).toBe("light");
    expect(await scene.page.locator(".toast").innerText()).toBe("Undone: Theme");
  });

  it("are undone one after the other, long after the toast has gone", async () => {
    const undo = scene.page.getByRole("navigation").getByRole("button", { name: /^Undo/u });
    expect(await undo.innerText()).toBe("Undo last change");
    expect(await undo.isDisabled()).toBe(true);
    await section("Appearance");
    await scene.page.getByLabel("Theme").selectOption("dark");
    await scene.wait(50);
    await section("Devices");
    await scene.wait(50);
    await scene.page.getByLabel("Speaker", { exact: true }).selectOption("l2");
    await scene.wait(50);
    expect(await scene.page.locator(".toast").innerText()).toContain("Changed: Speaker");
    await scene.wait(20_000);
    expect(await scene.page.locator(".toast").count()).toBe(0);
    expect(await undo.innerText()).toBe("Undo: Speaker");
    await undo.click();
    await scene.wait(50);
    expect(await undo.innerText()).toBe("Undo: Theme");
    await undo.click();
    await scene.wait(50);
    expect(await scene.page.evaluate(() => document.documentElement.dataset.theme)).toBe("light");
    expect(await undo.isDisabled()).toBe(true);
  });

  it("are not undone where what was changed was changed again since", async () => {
    await section("Appearance");
    await scene.page.getByLabel("Theme").selectOption("dark");
    await scene.wait(50);
    // Another window.
    await scene.stage((stage) => {
      stage.world.settings.appearance.theme = "high_contrast";
      stage.emit("settings", { values: stage.world.settings, undoable: null });
    });
    await scene.page.getByRole("button", { name: "Undo", exact: true }).click();
    await scene.wait(50);
    expect(await scene.page.evaluate(() => document.documentElement.dataset.theme)).toBe("contrast");
    expect(await scene.page.locator(".toast").innerText()).toContain("changed again since");
  });

  it("speak another language at once, from right to left too", async () => {
    await section("Language");
    await scene.page.getByLabel("App language").selectOption("ar");
    await scene.wait(50);
    expect(await scene.page.evaluate(() => document.documentElement.dir)).toBe("rtl");
    expect(await scene.page.getByRole("heading", { level: 2 }).innerText()).toBe("اللغة");
  });

  it("make the text larger", async () => {
    await section("Appearance");
    await scene.page.getByLabel("Text size").focus();
    await scene.press("End");
    await scene.wait(50);
    expect(await scene.page.evaluate(() => getComputedStyle(document.documentElement).fontSize)).toBe("32px");
  });

  it("capture a hotkey by its keys, by keyboard alone", async () => {
    await section("Hotkeys");
    await scene.tabTo(/Change the keys for “Quick ask”/u);
    await scene.press("Enter");
    await scene.press("a");
    expect(await scene.page.getByText("Add Ctrl, Alt or Shift").isVisible()).toBe(true);
    await scene.page.keyboard.press("Control+Alt+KeyJ");
    await scene.wait(50);
    expect(await scene.calls("setHotkey")).toEqual([["quick_ask", "Ctrl+Alt+J"]]);
    expect(await scene.calls("captureHotkeys")).toEqual([[true], [false]]);
    expect(await scene.page.locator(".toast").innerText()).toContain("Changed: Quick ask");
    await scene.stage((stage) => { stage.emit("hotkey", { action: "quick_ask", down: true }); });
    expect(await scene.page.getByText("Got it!").isVisible()).toBe(true);
  });

  it("say so when another program owns a key, and when another hotkey does", async () => {
    await section("Hotkeys");
    await scene.tabTo(/Change the keys for “Talk”/u);
    await scene.press("Enter");
    await scene.stage((stage) => { stage.refuse("setHotkey", "unavailable", "Another program has these keys; choose others."); });
    await scene.page.keyboard.press("Control+Alt+KeyJ");
    await scene.wait(50);
    expect(await scene.page.getByText("Another program has these keys").count()).toBe(2);
    await scene.press("Enter");
    await scene.page.keyboard.press("Control+Shift+KeyK");
    await scene.wait(50);
    expect(await scene.page.getByText("“Quick ask” already uses these keys.").isVisible()).toBe(true);
  });

  it("complain of a hotkey no longer than it is wrong, and promise nothing while paused", async () => {
    await section("Hotkeys");
    await scene.tabTo(/Change the keys for “Talk”/u);
    for (const keys of ["Control+Alt+KeyJ", "Control+Shift+KeyK"]) {
      await scene.press("Enter");
      await scene.page.keyboard.press(keys);
      await scene.wait(50);
    }
    expect(await scene.page.getByText("“Quick ask” already uses these keys.").count()).toBe(1);
    await scene.page.getByRole("button", { name: "Default" }).click();
    await scene.wait(50);
    expect(await scene.page.getByText("already uses these keys").count()).toBe(0);
    expect(await scene.page.getByText("Works. Press to test.").count()).toBe(1);
    await scene.stage((stage) => { stage.emit("shell", { ...stage.world.snapshot.shell, paused: true }); });
    await scene.wait(50);
    expect(await scene.page.getByText("Works. Press to test.").count()).toBe(0);
    expect(await scene.page.getByText("Microphone and hotkeys are off").count()).toBe(2);
  });

  it("switch a hotkey off by Backspace, and leave it by Tab", async () => {
    await section("Hotkeys");
    await scene.tabTo(/Change the keys for “Cancel”/u);
    await scene.press("Enter");
    await scene.press("Tab");
    await scene.wait(20);
    expect(await scene.calls("captureHotkeys")).toEqual([[true], [false]]);
    expect(await scene.calls("setHotkey")).toEqual([]);
    await scene.press("Shift+Tab");
    await scene.press("Enter");
    await scene.press("Backspace");
    await scene.wait(20);
    expect(await scene.calls("setHotkey")).toEqual([["cancel", ""]]);
  });

  it("take a key, show its end only, and remove it", async () => {
    await section("API keys");
    await scene.wait(50);
    await scene.page.getByRole("group", { name: "Deepgram" }).getByRole("button", { name: "Add key" }).click();
    await scene.page.keyboard.type("dg-secret-abcd");
    await scene.press("Enter");
    await scene.wait(50);
    expect(await scene.page.getByText("Ends in …abcd").isVisible()).toBe(true);
    expect(await scene.page.evaluate(() => new XMLSerializer().serializeToString(document).includes("dg-secret"))).toBe(false);
    await scene.page.getByRole("group", { name: "Deepgram" }).getByRole("button", { name: "Remove" }).click();
    await scene.page.getByRole("dialog").getByRole("button", { name: "Remove" }).click();
    await scene.wait(50);
    expect(await scene.calls("removeKey")).toEqual([["deepgram"]]);
    // What the environment gives cannot be taken away here.
    expect(await scene.page.getByRole("group", { name: "OpenAI" }).getByRole("button", { name: "Remove" }).count()).toBe(0);
  });

  it("test a key where it is set, and say what is wrong with it", async () => {
    await section("API keys");
    await scene.wait(50);
    const eleven = scene.page.getByRole("group", { name: "ElevenLabs" });
    await eleven.getByRole("button", { name: "Test" }).click();
    await scene.wait(50);
    expect(await eleven.innerText()).toContain("The key works. Plan: creator.");
    await scene.stage((stage) => { stage.refuse("testProvider", "unauthorised", "ElevenLabs refused the key."); });
    await eleven.getByRole("button", { name: "Test" }).click();
    await scene.wait(50);
    expect(await eleven.innerText()).toContain("ElevenLabs refused the key.");
    expect(await scene.calls("testProvider")).toEqual([["elevenlabs"], ["elevenlabs"]]);
    expect(await scene.page.getByRole("group", { name: "Deepgram" }).getByRole("button", { name: "Test" }).count()).toBe(0);
  });

  it("order providers by drag, by buttons and by keyboard, this computer among them", async () => {
    await section("Providers");
    await scene.wait(50);
    const group = scene.page.getByRole("group", { name: "Speech recognition" });
    const names = (): Promise<string[]> => group.locator("li .name").allInnerTexts();
    expect(await names()).toEqual(["Deepgram", "ElevenLabs", "OpenAI", "This computer"]);
    await group.getByRole("button", { name: "Move Deepgram down" }).click();
    await scene.wait(50);
    expect(await names()).toEqual(["ElevenLabs", "Deepgram", "OpenAI", "This computer"]);
    await group.getByRole("button", { name: "OpenAI", exact: true }).focus();
    await scene.press("Alt+ArrowUp");
    await scene.wait(50);
    expect(await names()).toEqual(["ElevenLabs", "OpenAI", "Deepgram", "This computer"]);
    expect(await scene.focused()).toBe("OpenAI");
    expect(await scene.page.locator(".only-read").getByText("OpenAI is now number 2").count()).toBe(1);
    await group.locator("li").nth(2).dragTo(group.locator("li").nth(0));
    await scene.wait(50);
    expect(await names()).toEqual(["Deepgram", "ElevenLabs", "OpenAI", "This computer"]);
    expect((await scene.calls("orderProviders")).at(-1)).toEqual([
      "recogniser", ["deepgram", "elevenlabs", "openai", "on-device"],
    ]);
    await group.getByRole("button", { name: "Remove OpenAI" }).click();
    await scene.wait(50);
    expect(await names()).toEqual(["Deepgram", "ElevenLabs", "This computer"]);
    await group.getByRole("combobox").selectOption("openai");
    await scene.wait(50);
    expect(await names()).toEqual(["Deepgram", "ElevenLabs", "OpenAI", "This computer"]);
    // Put first, it asks the others only when it fails; it cannot be left out.
    await group.getByRole("button", { name: "This computer", exact: true }).focus();
    for (let n = 0; n < 3; n++) {
      await scene.press("Alt+ArrowUp");
      await scene.wait(50);
    }
    expect(await names()).toEqual(["This computer", "Deepgram", "ElevenLabs", "OpenAI"]);
    expect(await scene.focused()).toBe("This computer");
    expect(await group.innerText()).toContain("The others are used only if it fails");
    expect(await group.getByRole("button", { name: "Remove This computer" }).count()).toBe(0);
    await group.getByRole("button", { name: "Move Deepgram down" }).click();
    await scene.wait(50);
    expect(await names()).toEqual(["This computer", "ElevenLabs", "Deepgram", "OpenAI"]);
    await scene.page.getByRole("button", { name: "Undo", exact: true }).click();
    await scene.wait(50);
    expect(await names()).toEqual(["This computer", "Deepgram", "ElevenLabs", "OpenAI"]);
  });

  it("say what each provider can do", async () => {
    await section("Providers");
    await scene.wait(50);
    const text = (await scene.page.getByRole("group", { name: "Deepgram" }).innerText()).replace(/\s+/gu, " ");
    expect(text).toContain("Speech recognition streaming · exact word timing · most languages");
    expect(text).toContain("Voice streaming · estimated word timing · 7 languages");
  });

  it("test a provider's key, and choose its model and voice", async () => {
    await section("Providers");
    await scene.wait(50);
    const eleven = scene.page.getByRole("group", { name: "ElevenLabs" });
    await eleven.getByRole("button", { name: "Test" }).click();
    await scene.wait(50);
    expect(await eleven.innerText()).toContain("The key works. Plan: creator. Remaining: 8800 of 10000 characters.");
    await eleven.getByText("Details").click();
    await eleven.getByLabel("Voice", { exact: true }).focus();
    await scene.wait(50);
    await eleven.getByLabel("Voice", { exact: true }).selectOption("JBFqnCBsd6RMkjVDRZzb");
    await eleven.getByLabel("Voice model").focus();
    await scene.wait(50);
    await eleven.getByLabel("Voice model").selectOption("eleven_v3");
    await scene.wait(50);
    expect(await scene.calls("chooseProvider")).toEqual([
      ["elevenlabs", "voice", "JBFqnCBsd6RMkjVDRZzb"], ["elevenlabs", "voice_model", "eleven_v3"],
    ]);
    await eleven.getByRole("button", { name: /Listen/u }).click();
    await scene.wait(400);
    expect(await scene.calls("previewVoice")).toEqual([["elevenlabs", "JBFqnCBsd6RMkjVDRZzb"]]);
    expect((await scene.painted()).now).toMatch(/^\w+$/u);
    await eleven.getByRole("button", { name: "Stop" }).click();
    await scene.wait(50);
    expect(await scene.calls("endTest")).toEqual([[]]);
    expect(await scene.painted()).toEqual({});
    // What is wrong with another is a sentence; one without a key has nothing to choose.
    const openai = scene.page.getByRole("group", { name: "OpenAI" });
    expect(await openai.innerText()).toContain("the account has nothing left");
    const deepgram = scene.page.getByRole("group", { name: "Deepgram" });
    expect(await deepgram.getByRole("combobox").count()).toBe(0);
    expect(await deepgram.getByRole("button", { name: "Test" }).isDisabled()).toBe(true);
  });

  it("download, pause and choose models", async () => {
    await section("Models");
    await scene.wait(50);
    const qwen = scene.page.getByRole("group", { name: "Qwen3 1.7B" });
    expect(await qwen.innerText()).toContain("412 MB of 1.3 GB");
    await qwen.getByRole("button", { name: "Pause" }).click();
    await scene.wait(50);
    expect(await scene.calls("pauseDownload")).toEqual([["qwen3-1.7b", true]]);
    expect(await qwen.innerText()).toContain("Paused");
    // What has come of one that was called off can be gone on with, or thrown away.
    await qwen.getByRole("button", { name: "Cancel" }).click();
    await qwen.getByRole("button", { name: "Resume (870 MB left)" }).waitFor();
    await qwen.getByRole("button", { name: "Remove" }).click();
    await scene.page.getByRole("dialog").getByRole("button", { name: "Remove" }).click();
    await scene.wait(50);
    expect(await scene.calls("removeModel")).toEqual([["qwen3-1.7b"]]);
    // A model that nobody can check is only fetched when the user agrees.
    await scene.page.getByRole("group", { name: "Gemma 3 4B" }).getByRole("button", { name: /Download/u }).click();
    await scene.page.getByRole("dialog").getByRole("button", { name: "Download" }).click();
    await scene.wait(50);
    expect(await scene.calls("download")).toEqual([["gemma-3-4b", true]]);
  });

  it("say nothing of a download that was called off: it was wished so", async () => {
    await section("Models");
    await scene.wait(50);
    const gemma = scene.page.getByRole("group", { name: "Gemma 3 4B" });
    await gemma.getByRole("button", { name: /Download/u }).click();
    await scene.page.getByRole("dialog").getByRole("button", { name: "Download" }).click();
    await scene.stage((stage) => {
      stage.emit("modelProgress", { model: "gemma-3-4b", phase: "downloading", source: null, bytes: 1, total: 2, rate: 1 });
    });
    await scene.wait(50);
    await gemma.getByRole("button", { name: "Cancel" }).click();
    await scene.wait(50);
    expect(await scene.calls("cancelDownload")).toEqual([["gemma-3-4b"]]);
    expect(await gemma.getByRole("button", { name: /Download/u }).count()).toBe(1);
    expect(await scene.page.locator(".toast").count()).toBe(0);
    // Any other end is told.
    await scene.stage((stage) => { stage.refuse("download", "unavailable", "The source does not answer."); });
    await gemma.getByRole("button", { name: /Download/u }).click();
    await scene.page.getByRole("dialog").getByRole("button", { name: "Download" }).click();
    await scene.wait(50);
    expect(await scene.page.locator(".toast").innerText()).toContain("The source does not answer.");
  });

  it("test a microphone, and end the test with the page", async () => {
    await section("Devices");
    await scene.page.getByRole("button", { name: "Test" }).click();
    await scene.wait(400);
    expect(await scene.page.getByText("Libretto hears you.").isVisible()).toBe(true);
    // One that ended by itself shows no bars, and can be begun again.
    await scene.wait(120_000);
    expect(await scene.page.getByText("Libretto hears you.").count()).toBe(0);
    const again = scene.page.locator(".test").getByRole("button", { name: "Test" });
    await again.click();
    await scene.wait(400);
    expect(await scene.page.getByText("Libretto hears you.").isVisible()).toBe(true);
    const before = (await scene.calls("endTest")).length;
    await section("Voice");
    await scene.wait(20);
    expect((await scene.calls("endTest")).length).toBe(before + 1);
  });

  it("are found by a word", async () => {
    await scene.page.getByRole("searchbox").fill("dark");
    await scene.wait(50);
    const names = await scene.page.locator(".row label:visible").allInnerTexts();
    expect(names).toEqual(["Theme"]);
    await scene.page.getByRole("searchbox").fill("qwen3");
    await scene.wait(50);
    expect(await scene.page.locator(".model:visible").getByText("Qwen3 1.7B").count()).toBe(1);
    expect(await scene.page.locator(".model:visible").count()).toBe(1);
  });

  it("are searched without asking the machine, the keychain or a service for anything", async () => {
    const asked = async (): Promise<number> => {
      const names = ["examine", "devices", "keys", "providers", "testProvider"];
      return (await Promise.all(names.map((name) => scene.calls(name)))).flat().length;
    };
    const before = await asked();
    for (const text of ["i", "deepgram", "quit"]) {
      await scene.page.getByRole("searchbox").fill(text);
      await scene.wait(50);
    }
    // Devices are listed where one is found to be chosen.
    expect((await asked()) - (await scene.calls("devices")).length).toBe(before);
    await scene.page.getByRole("button", { name: "Go to “About”" }).click();
    await scene.wait(50);
    expect(await scene.calls("examine")).toEqual([[]]);
  });

  it("reach what few people change", async () => {
    await section("Advanced");
    await scene.page.getByLabel("Creativity").selectOption("0.2");
    await scene.page.getByLabel("Longest reply").selectOption("200");
    await scene.page.getByLabel("Keep models in memory").selectOption("60");
    await scene.page.getByLabel("Attempts", { exact: true }).focus();
    await scene.press("Home");
    await section("Conversation");
    await scene.page.getByLabel("Padding").focus();
    await scene.press("Home");
    await scene.wait(50);
    expect(await scene.calls("set")).toEqual([
      ["model.temperature", 0.2], ["model.max_tokens", 200], ["on_device.idle_minutes", 60], ["network.attempts", 1],
      ["vad.padding", 0],
    ]);
  });

  it("say what is wrong with keys in the window's language, and keep the detail", async () => {
    await scene.close();
    const world = `world.settings.appearance.language = "de";
      world.keys.keychain = { kind: "fails", sentence: "The keychain is locked; unlock it." };`;
    await show({ window: "settings", world });
    await section("Tastenkürzel");
    expect(await scene.page.getByText("Diese Tasten sind nicht verfügbar").count()).toBe(1);
    expect(await scene.page.getByText("Another program has these keys").getAttribute("lang")).toBe("en");
    await section("API-Schlüssel");
    await scene.wait(50);
    expect(await scene.page.getByText("Der Schlüsselbund des Systems ist gerade nicht verfügbar").count()).toBe(1);
    expect(await scene.page.getByText("The keychain is locked").getAttribute("lang")).toBe("en");
    await section("Über Libretto");
    await scene.wait(50);
    expect(await scene.page.locator("li strong").allInnerTexts()).toEqual(["Libretto", "Mikrofon", "Schlüsselbund", "Modellprogramm"]);
  });

  it("turn to the section that is asked for, before they open and while they are open", async () => {
    const turned = async (name: string): Promise<void> => {
      await scene.wait(50);
      expect(await scene.page.getByRole("navigation").locator("[aria-current]").innerText()).toBe(name);
      expect(await scene.page.evaluate(() => document.activeElement?.tagName)).toBe("H2");
      expect(await scene.focused()).toBe(name);
      expect(await scene.page.locator("h2").getByText(name, { exact: true }).isVisible()).toBe(true);
    };
    const lead = (section: string, times: number): Promise<void> =>
      scene.stage((stage, led) => {
        stage.emit("shell", { ...stage.world.snapshot.shell, led } as typeof stage.world.snapshot.shell);
      }, { section, times });
    await scene.page.getByRole("searchbox").fill("dark");
    await lead("devices", 1);
    await turned("Devices");
    expect(await scene.page.getByRole("searchbox").inputValue()).toBe("");
    await section("Models");
    // What else changes on the desktop's side leads nowhere.
    await lead("devices", 1);
    await scene.wait(50);
    expect(await scene.page.getByRole("navigation").locator("[aria-current]").innerText()).toBe("Models");
    await lead("devices", 2);
    await turned("Devices");
    await scene.close();
    await show({ window: "settings", world: `world.snapshot.shell.led = { section: "keys", times: 3 };` });
    await turned("API keys");
  });

  it("give everything that was ever said away only after a question", async () => {
    await section("Privacy");
    await scene.page.getByRole("button", { name: "Delete everything" }).click();
    await scene.press("Escape");
    expect(await scene.calls("removeAll")).toEqual([]);
    expect(await scene.page.getByRole("dialog").count()).toBe(0);
    expect(await scene.calls("hide")).toEqual([]);
    await scene.page.getByRole("button", { name: "Delete everything" }).click();
    await scene.page.getByRole("dialog").getByRole("button", { name: "Delete everything" }).click();
    await scene.wait(50);
    expect(await scene.calls("removeAll")).toEqual([[]]);
  });

  it("shorten the time that is kept only after a question, and offer no undoing of it", async () => {
    await section("Privacy");
    const keep = scene.page.getByLabel("Keep for");
    await keep.selectOption("30");
    const dialog = scene.page.getByRole("dialog");
    expect(await dialog.innerText()).toContain("Conversations older than 30 days will be deleted now.");
    await scene.press("Escape");
    await scene.wait(50);
    expect(await keep.inputValue()).toBe("0");
    expect(await scene.calls("set")).toEqual([]);
    await keep.selectOption("30");
    await dialog.getByRole("button", { name: "Delete" }).click();
    await scene.wait(50);
    expect(await scene.calls("set")).toEqual([["history.keep_days", 30]]);
    expect(await keep.inputValue()).toBe("30");
    expect(await scene.page.locator(".toast").count()).toBe(0);
    // A longer time deletes nothing.
    await keep.selectOption("90");
    await scene.wait(50);
    expect(await scene.calls("set")).toEqual([["history.keep_days", 30], ["history.keep_days", 90]]);
    // Neither is undone: what was deleted does not come back, and a shorter time again would delete more, unasked.
    expect(await scene.page.locator(".toast").count()).toBe(0);
    expect(await scene.page.getByRole("navigation").getByRole("button", { name: /^Undo/u }).isDisabled()).toBe(true);
    await keep.selectOption("7");
    expect(await dialog.innerText()).toContain("Conversations older than 7 days");
  });

  it("keep what is being typed when the window is left or closed", async () => {
    await section("Conversation");
    const field = scene.page.getByLabel("Instructions");
    await field.fill("Answer in rhymes.");
    await scene.press("Escape");
    await scene.wait(50);
    expect(await scene.calls("set")).toEqual([["conversation.system_prompt", "Answer in rhymes."]]);
    expect(await scene.calls("hide")).toEqual([[]]);
    // The desktop closes it, or another window comes to the front.
    for (const [nth, name] of ["blur", "pagehide"].entries()) {
      await field.fill(`Answer in verse ${String(nth)}.`);
      await scene.page.evaluate((name) => { dispatchEvent(new Event(name)); }, name);
      await scene.wait(50);
    }
    // Once each, though the field is left as well.
    await scene.press("Tab");
    await scene.wait(50);
    expect((await scene.calls("set")).map(([, value]) => value)).toEqual([
      "Answer in rhymes.", "Answer in verse 0.", "Answer in verse 1.",
    ]);
  });

  it("copy the diagnostics", async () => {
    await section("About");
    await scene.wait(50);
    await scene.page.getByRole("button", { name: "Copy all" }).click();
    const [[text]] = (await scene.calls("copy")) as [[string]];
    expect(text).toContain("[bad] Engine: The program is not there. Install Libretto again.");
  });

  it("end Libretto, where there is no tray", async () => {
    await section("About");
    await scene.page.getByRole("button", { name: "Quit Libretto" }).click();
    await scene.wait(50);
    expect(await scene.calls("quit")).toEqual([[]]);
  });
});

describe("settings in little room", () => {
  it.each([[860, 1], [688, 1], [860, 2]] as const)("cover the search with no toast: %d wide, text at %f", async (width, text) => {
    await show({ window: "settings", size: [width, 680], world: `world.settings.appearance.text_size = ${String(text)};` });
    await scene.page.getByRole("navigation").getByRole("button", { name: "Appearance" }).click();
    await scene.page.getByLabel("Theme").selectOption("dark");
    await scene.wait(50);
    await scene.page.getByRole("searchbox").click({ trial: true });
    const [toast, search] = await Promise.all([scene.page.locator(".toast"), scene.page.getByRole("searchbox")].map((one) => one.boundingBox()));
    const over = toast && search && toast.y < search.y + search.height && toast.x < search.x + search.width;
    expect(over).toBe(false);
  });

  it("fade the row of sections at the end where it goes on", async () => {
    await show({ window: "settings", world: "world.settings.appearance.text_size = 2;" });
    const row = scene.page.getByRole("navigation").getByRole("list");
    const fades = (): Promise<string | null> => row.getAttribute("class");
    await expect.poll(fades).toMatch(/after/u);
    expect(await fades()).not.toMatch(/before/u);
    await scene.page.getByRole("navigation").getByRole("button", { name: "About" }).click();
    await expect.poll(fades).toMatch(/before/u);
    expect(await fades()).not.toMatch(/after/u);
  });
});
