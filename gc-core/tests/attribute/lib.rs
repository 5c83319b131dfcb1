//! Attributes that change a type after `#[derive(Trace)]` has read it: what stands below a
//! derive runs after it.

use proc_macro::TokenStream;

/// Puts the type of the field `shared` behind an `Rc`.
#[proc_macro_attribute]
pub fn share(_: TokenStream, item: TokenStream) -> TokenStream {
    changed(&item, "shared: Slot<Node>", "shared: std::rc::Rc<Slot<Node>>")
}

/// Adds a field.
#[proc_macro_attribute]
pub fn add_field(_: TokenStream, item: TokenStream) -> TokenStream {
    changed(&item, "next: Slot<Node>", "next: Slot<Node>, added: Slot<Node>")
}

fn changed(item: &TokenStream, from: &str, to: &str) -> TokenStream {
    let text = item.to_string().replace(" :", ":").replace(" < ", "<").replace(" >", ">");
    assert!(text.contains(from), "{text}");
    text.replace(from, to).parse().expect("Rust")
}
