//! Calls user code. With the feature `std`, its panics are caught here and reported, and the heap
//! stays usable.

use crate::core::Core;
use crate::ground::error::OutOfMemory;
use crate::ground::restore::Restore;
use crate::object::raw::Object;
use crate::object::type_info::FinalizerFns;
use crate::object::weak_cell::Callback;
use crate::storage::chunk::Owner;
use crate::telemetry::hooks::{Callbacks, CollectionInfo, Phase, Removed, Unraisable, UnraisableKind};
use crate::telemetry::records::CollectionRecord;
use alloc::boxed::Box;
use alloc::rc::Rc;
use alloc::string::String;
use core::fmt;
use core::ptr::NonNull;

/// Runs user code and returns its result, or reports its panic and returns `None`.
fn enter<R>(
    core: &Core,
    kind: UnraisableKind,
    type_name: impl FnOnce() -> String,
    code: impl FnOnce() -> R,
) -> Option<R> {
    core.release.user_code_ran.set(true);
    let _guard = core.enter();
    #[cfg(feature = "std")]
    {
        match std::panic::catch_unwind(core::panic::AssertUnwindSafe(code)) {
            Ok(result) => Some(result),
            Err(panic) => {
                report_panic(core, kind, type_name(), panic);
                None
            }
        }
    }
    #[cfg(not(feature = "std"))]
    {
        let _ = (kind, type_name);
        Some(code())
    }
}

/// Reports a panic of user code and drops its payload. It is a function of its own to keep the
/// stack frames of nested releases small.
#[cfg(feature = "std")]
#[cold]
#[inline(never)]
fn report_panic(
    core: &Core,
    kind: UnraisableKind,
    type_name: String,
    panic: alloc::boxed::Box<dyn core::any::Any + Send>,
) {
    let message = message_of(&*panic);
    report(core, Unraisable { kind, type_name, message });
    dispose(panic);
}

/// Drops the payload of a panic. That runs user code, which may panic with another payload, whose
/// drop may panic in turn. The payload that is left after 8 drops is leaked.
#[cfg(feature = "std")]
fn dispose(panic: alloc::boxed::Box<dyn core::any::Any + Send>) {
    let mut next = Some(panic);
    for _ in 0..8 {
        let Some(panic) = next else { return };
        next = std::panic::catch_unwind(core::panic::AssertUnwindSafe(|| drop(panic))).err();
    }
    core::mem::forget(next);
}

/// Runs user code. A panic is caught and not reported.
#[cfg(feature = "std")]
fn quietly(code: impl FnOnce()) {
    if let Err(panic) = std::panic::catch_unwind(core::panic::AssertUnwindSafe(code)) {
        dispose(panic);
    }
}

#[cfg(feature = "std")]
fn message_of(panic: &(dyn core::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    String::from(text.unwrap_or("(no message)"))
}

/// Passes an event to the unraisable hook. If there is no hook, the event goes to stderr, as in
/// Python; without the feature `std`, it is dropped.
pub(crate) fn report(core: &Core, event: Unraisable) {
    let hook = core.hooks.unraisable();
    let _guard = core.enter();
    #[cfg(feature = "std")]
    {
        let tell = || match &hook {
            Some(hook) => hook(core.owner(), &event),
            None => std::eprintln!("gc: {event}"),
        };
        // A panic of the hook is not reported, because the hook is what reports panics.
        quietly(tell);
        quietly(move || drop(hook));
    }
    #[cfg(not(feature = "std"))]
    if let Some(hook) = hook {
        hook(core.owner(), &event);
    }
}

/// Returns true if the object's finalizer is armed, or if the check panics. The caller holds the
/// object.
pub(crate) fn armed(core: &Core, object: Object, fns: FinalizerFns) -> bool {
    let name = || object.info().short_name();
    // SAFETY: invariant 10: the object is alive and held.
    enter(core, UnraisableKind::Armed, name, || unsafe { (fns.armed)(object) }).unwrap_or(true)
}

/// Runs the object's finalizer. The caller holds the object.
pub(crate) fn finalize(core: &Core, object: Object, fns: FinalizerFns) {
    let name = || object.info().short_name();
    // SAFETY: invariant 10: the object is alive and held.
    enter(core, UnraisableKind::Finalizer, name, || unsafe { (fns.finalize)(object) });
}

/// Runs the callback of a weak reference. The caller holds the owner.
pub(crate) fn weak_callback(core: &Core, callback: Callback, owner: Option<Object>) {
    let name = || owner.map_or_else(|| String::from("Weak"), |owner| owner.info().short_name());
    enter(core, UnraisableKind::WeakCallback, name, || callback(owner));
}

/// Drops a callback, with what it captured, without running it.
pub(crate) fn forget_callback(core: &Core, callback: Option<Callback>) {
    if callback.is_some() {
        enter(core, UnraisableKind::WeakCallback, || String::from("Weak"), || drop(callback));
    }
}

/// Drops a value in place whose drop may run unknown code.
pub(crate) fn drop_unknown(core: &Core, object: Object, drop: unsafe fn(Object)) {
    let name = || object.info().short_name();
    // SAFETY: invariant 11: the caller drops this value, once.
    enter(core, UnraisableKind::ValueDrop, name, || unsafe { drop(object) });
}

/// Calls a hook, and then drops `hook`, which is the last pointer to it if the hook replaced or
/// removed itself. The drop is a separate step: if it panicked while a panic of the hook unwinds,
/// the process would abort.
fn call_hook<F: ?Sized>(core: &Core, name: &'static str, hook: Rc<F>, call: impl FnOnce(&F, NonNull<Owner>)) {
    let _guard = core.enter();
    enter(core, UnraisableKind::Hook, || String::from(name), || call(&hook, core.owner()));
    enter(core, UnraisableKind::Hook, || String::from("dropped hook"), move || drop(hook));
}

/// Drops a hook that was replaced or removed, with what it captured.
pub(crate) fn drop_hook(core: &Core, hook: Removed) {
    if hook.is_some() {
        enter(core, UnraisableKind::Hook, || String::from("dropped hook"), move || drop(hook));
    }
}

/// Drops all hooks of a heap that is about to be freed.
pub(crate) fn drop_hooks(core: &Core) {
    for hook in core.hooks.take_all() {
        drop_hook(core, hook);
    }
}

/// Calls every collection callback.
#[inline]
pub(crate) fn collection_event(core: &Core, phase: Phase, info: impl FnOnce() -> CollectionInfo) {
    if let Some(callbacks) = core.hooks.callbacks() {
        call_each(core, callbacks, phase, &info());
    }
}

#[cold]
fn call_each(core: &Core, callbacks: Callbacks, phase: Phase, info: &CollectionInfo) {
    for (_, callback) in callbacks.iter() {
        call_hook(core, "collection callback", callback.clone(), |callback, heap| callback(heap, phase, info));
    }
    // If a callback changed the heap's list, only this old list still holds the removed callbacks.
    if Rc::strong_count(&callbacks) == 1 {
        drop_hook(core, Some(Box::new(callbacks)));
    }
}

/// Hands the record of a collection to the hook, if there is one.
pub(crate) fn record(core: &Core, record: &CollectionRecord) {
    if let Some(hook) = core.hooks.record().filter(|_| !core.hooks.in_record_hook.get()) {
        let _inside = Restore::after(&core.hooks.in_record_hook, true);
        call_hook(core, "record hook", hook, |hook, heap| hook(heap, record));
    }
}

/// Calls the out-of-memory hook, if there is one and it is not running already.
pub(crate) fn out_of_memory(core: &Core, error: &OutOfMemory<()>) {
    let Some(hook) = core.hooks.out_of_memory() else { return };
    let _reserve = core.storage.account.open_reserve();
    if !core.hooks.in_oom_hook.get() {
        let _telling = Restore::after(&core.hooks.in_oom_hook, true);
        call_hook(core, "out-of-memory hook", hook, |hook, heap| hook(heap, error));
    }
}

/// Passes a line to the log sink, if there is one. If there is no memory for the line, passes a
/// line that says so.
pub(crate) fn log(core: &Core, line: fmt::Arguments<'_>) {
    if let Some(sink) = core.hooks.log() {
        let text = written(line);
        let line = text.as_deref().unwrap_or("gc: (no memory for this line)");
        call_hook(core, "log sink", sink, |sink, heap| sink(heap, line));
    }
}

/// Returns the text, or `None` if there is no memory for it.
pub(crate) fn written(text: fmt::Arguments<'_>) -> Option<String> {
    struct Writer(String);
    impl fmt::Write for Writer {
        fn write_str(&mut self, part: &str) -> fmt::Result {
            self.0.try_reserve(part.len()).map_err(|_| fmt::Error)?;
            self.0.push_str(part);
            Ok(())
        }
    }
    let mut writer = Writer(String::new());
    fmt::write(&mut writer, text).ok()?;
    Some(writer.0)
}
