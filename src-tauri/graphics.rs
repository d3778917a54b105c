//! What the webview must know of the machine's graphics before it starts. `WebKitGTK` takes it for granted that there is
//! a graphics processor: without one it has the processor put layers together, which costs a whole core and comes late.
//!
//! It is told through its own variables, which are read once, when it starts. A program that wants them set for itself
//! without unsafe code starts itself anew. Whoever has set one of them knows better, and is not overruled.

use std::ffi::OsString;
use std::fs::{self, OpenOptions};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

/// No layers: the page is painted by the processor, and only where it changes.
const NO_LAYERS: &str = "WEBKIT_DISABLE_COMPOSITING_MODE";
/// No buffers shared with the graphics processor.
const NO_SHARING: &str = "WEBKIT_DISABLE_DMABUF_RENDERER";

/// Drivers with a render node and nothing behind it.
const EMPTY: [&str; 2] = ["vgem", "vkms"];
/// The graphics of virtual machines, which may or may not have those of the host behind them.
const VIRTUAL: &str = "virtio_gpu";
/// `NVIDIA`'s own driver. `WebKitGTK`'s shared buffers end the program on Wayland with it ("Error 71 (Protocol error)
/// dispatching to Wayland display") and leave the window blank on X11: tauri-apps/tauri#9394 and #10702.
const NVIDIA: &str = "nvidia";

/// What draws here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Graphics {
    /// A graphics processor.
    Own,
    /// One with `NVIDIA`'s own driver, perhaps among others: which of them draws is not known yet.
    Nvidia,
    /// The processor.
    None,
}

/// Sees to it that the webview starts with what fits this machine. It returns in the process that is to go on.
pub fn fit() {
    let variables: Vec<_> = wanted(
        &|name| std::env::var_os(name),
        look(Path::new("/dev/dri"), Path::new("/sys/class/drm")),
    )
    .collect();
    if variables.is_empty() {
        return;
    }
    let Ok(program) = std::env::current_exe() else {
        return;
    };
    let failed = Command::new(program)
        .args(std::env::args_os().skip(1))
        .envs(variables.iter().map(|name| (name, "1")))
        .exec();
    // It works without, only slower. The log is not there yet.
    eprintln!("Libretto goes on with {variables:?} unset: {failed}");
}

/// The variables that are to be set to 1.
fn wanted(set: &impl Fn(&str) -> Option<OsString>, graphics: Graphics) -> impl Iterator<Item = &'static str> {
    let variable = match graphics {
        _ if software(set) => Some(NO_LAYERS),
        Graphics::None => Some(NO_LAYERS),
        Graphics::Nvidia => Some(NO_SHARING),
        Graphics::Own => None,
    };
    // Either of them, and to whatever: somebody has found out what works here.
    let theirs = [NO_LAYERS, NO_SHARING].iter().any(|name| set(name).is_some());
    variable.filter(|_| !theirs).into_iter()
}

/// Whether Mesa was told to let the processor draw.
fn software(set: &impl Fn(&str) -> Option<OsString>) -> bool {
    let is = |name: &str, values: &[&str]| {
        set(name).is_some_and(|value| values.iter().any(|one| value.eq_ignore_ascii_case(one)))
    };
    is("LIBGL_ALWAYS_SOFTWARE", &["1", "true", "yes", "t", "y"])
        || is("GALLIUM_DRIVER", &["llvmpipe", "softpipe", "swrast"])
}

/// Looks for graphics processors that this user may use: `nodes` is the folder with their devices, `kernel` where the
/// kernel tells of their drivers.
fn look(nodes: &Path, kernel: &Path) -> Graphics {
    let mut found = Graphics::None;
    for node in fs::read_dir(nodes).into_iter().flatten().filter_map(Result::ok) {
        let name = node.file_name();
        let render = name.to_str().is_some_and(|name| name.starts_with("renderD"));
        let may = || {
            OpenOptions::new()
                .read(true)
                .write(true)
                .open(node.path())
                .is_ok()
        };
        if !render || !may() {
            continue;
        }
        let device = kernel.join(&name).join("device");
        let driver = fs::read_link(device.join("driver")).unwrap_or_default();
        match driver.file_name().and_then(|driver| driver.to_str()) {
            Some(NVIDIA) => return Graphics::Nvidia,
            Some(driver) if EMPTY.contains(&driver) => {}
            Some(VIRTUAL) if !passes_on(&device) => {}
            _ => found = Graphics::Own,
        }
    }
    found
}

/// Whether a virtual machine's graphics have the host's behind them: bit 0 of the device's features, in the virtio
/// specification `VIRTIO_GPU_F_VIRGL`. The kernel writes one digit for each, the first one first.
fn passes_on(device: &Path) -> bool {
    fs::read_to_string(device.join("features")).is_ok_and(|features| features.starts_with('1'))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn for_these(variables: &[(&str, &str)], graphics: Graphics) -> Vec<&'static str> {
        let set = |name: &str| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| OsString::from(value))
        };
        wanted(&set, graphics).collect()
    }

    /// A machine with these drivers, each with what its features say.
    fn machine(drivers: &[(&str, &str)]) -> Graphics {
        let folder = tempfile::tempdir().unwrap();
        let (nodes, kernel) = (folder.path().join("dri"), folder.path().join("drm"));
        fs::create_dir(&nodes).unwrap();
        // The screen is no graphics processor.
        fs::write(nodes.join("card0"), "").unwrap();
        for (number, (driver, features)) in (128..).zip(drivers) {
            let name = format!("renderD{number}");
            fs::write(nodes.join(&name), "").unwrap();
            let device = kernel.join(&name).join("device");
            fs::create_dir_all(&device).unwrap();
            fs::write(device.join("features"), features).unwrap();
            symlink(Path::new("../../bus/drivers").join(driver), device.join("driver")).unwrap();
        }
        look(&nodes, &kernel)
    }

    #[test]
    fn a_machine_without_graphics_paints_without_layers() {
        assert_eq!(machine(&[]), Graphics::None);
        assert_eq!(look(Path::new("/nowhere"), Path::new("/nowhere")), Graphics::None);
        assert_eq!(for_these(&[], Graphics::None), [NO_LAYERS]);
        assert_eq!(machine(&[("vgem", "")]), Graphics::None);
        assert_eq!(machine(&[("virtio_gpu", "0100")]), Graphics::None);
    }

    #[test]
    fn a_graphics_processor_is_left_to_the_webview() {
        assert_eq!(machine(&[("i915", "")]), Graphics::Own);
        assert_eq!(machine(&[("virtio_gpu", "1100")]), Graphics::Own);
        assert_eq!(machine(&[("vgem", ""), ("amdgpu", "")]), Graphics::Own);
        assert!(for_these(&[], Graphics::Own).is_empty());
    }

    #[test]
    fn nvidias_own_driver_shares_no_buffers() {
        assert_eq!(machine(&[("i915", ""), ("nvidia", "")]), Graphics::Nvidia);
        assert_eq!(machine(&[("nouveau", "")]), Graphics::Own);
        assert_eq!(for_these(&[], Graphics::Nvidia), [NO_SHARING]);
    }

    #[test]
    fn what_was_asked_for_counts() {
        assert_eq!(
            for_these(&[("LIBGL_ALWAYS_SOFTWARE", "TRUE")], Graphics::Own),
            [NO_LAYERS]
        );
        assert_eq!(
            for_these(&[("GALLIUM_DRIVER", "llvmpipe")], Graphics::Nvidia),
            [NO_LAYERS]
        );
        assert!(for_these(&[("LIBGL_ALWAYS_SOFTWARE", "0")], Graphics::Own).is_empty());
        for name in [NO_LAYERS, NO_SHARING] {
            for graphics in [Graphics::None, Graphics::Nvidia, Graphics::Own] {
                assert!(
                    for_these(&[(name, "0")], graphics).is_empty(),
                    "{name} {graphics:?}"
                );
            }
        }
    }
}
