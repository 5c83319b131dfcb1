//! Reads `#[trace(..)]`: its arguments, and the places where it may stand.

use proc_macro2::Span;
use syn::meta::ParseNestedMeta;
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{Attribute, LitStr, Path, Token, WherePredicate};

/// The arguments of `#[trace(..)]` on a type.
const ON_A_TYPE: [&str; 6] = ["finalize", "acyclic", "cyclic", "identity", "bound", "crate"];
/// The arguments of `#[trace(..)]` on a field.
const ON_A_FIELD: [&str; 1] = ["skip"];

/// The arguments of all `#[trace(..)]` attributes of a type.
#[derive(Default)]
pub(crate) struct TypeAttributes {
    /// The place of the argument `finalize`, if it is given. Errors about a missing `Finalize`
    /// point there.
    pub(crate) finalize: Option<Span>,
    /// True for the argument `identity`: values are compared by their addresses.
    pub(crate) identity: bool,
    /// The argument `cyclic` or `acyclic`, or neither.
    pub(crate) cycles: Cycles,
    /// The predicates of `bound = ".."`, which replace the derived ones.
    pub(crate) bound: Option<Vec<WherePredicate>>,
    /// The path of `crate = ..`, by which generated code names gc-core.
    pub(crate) krate: Option<Path>,
}

/// How the heap learns whether a value of the type can be part of a cycle.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub(crate) enum Cycles {
    /// The heap examines the types of the fields.
    #[default]
    FromFields,
    /// `cyclic`: a value can be part of a cycle, and the types of the fields are not examined.
    Assumed,
    /// `acyclic`: the user promises that no value is ever part of a cycle.
    Excluded,
}

impl TypeAttributes {
    /// Reads the attributes of a type.
    pub(crate) fn parse(attributes: &[Attribute]) -> syn::Result<Self> {
        let mut read = Self::default();
        for_each_entry(attributes, |entry| read.take(entry))?;
        Ok(read)
    }

    fn take(&mut self, entry: &ParseNestedMeta<'_>) -> syn::Result<()> {
        let name = name_of(entry);
        match name.as_str() {
            "finalize" if self.finalize.is_some() => Err(twice(entry)),
            "finalize" => {
                self.finalize = Some(entry.path.span());
                alone(entry)
            }
            "identity" if self.identity => Err(twice(entry)),
            "identity" => {
                self.identity = true;
                alone(entry)
            }
            "acyclic" => self.take_cycles(Cycles::Excluded, entry),
            "cyclic" => self.take_cycles(Cycles::Assumed, entry),
            "bound" if self.bound.is_some() => Err(twice(entry)),
            "bound" => {
                self.bound = Some(predicates(entry)?);
                Ok(())
            }
            "crate" if self.krate.is_some() => Err(twice(entry)),
            "crate" => {
                self.krate = Some(entry.value()?.call(Path::parse_mod_style)?);
                Ok(())
            }
            _ => Err(not_on_a_type(entry)),
        }
    }

    fn take_cycles(&mut self, cycles: Cycles, entry: &ParseNestedMeta<'_>) -> syn::Result<()> {
        if self.cycles == cycles {
            return Err(twice(entry));
        }
        if self.cycles != Cycles::FromFields {
            return Err(entry.error(
                "`cyclic` and `acyclic` contradict each other: keep `cyclic` if a value can be \
                 part of a cycle, `acyclic` if it never can",
            ));
        }
        self.cycles = cycles;
        alone(entry)
    }
}

/// Reads the attributes of a field. Returns true for `#[trace(skip)]`.
pub(crate) fn parse_skip(attributes: &[Attribute]) -> syn::Result<bool> {
    let mut skip = false;
    for_each_entry(attributes, |entry| match name_of(entry).as_str() {
        "skip" if skip => Err(twice(entry)),
        "skip" => {
            skip = true;
            alone(entry)
        }
        _ => Err(not_on_a_field(entry)),
    })?;
    Ok(skip)
}

/// Refuses `#[trace(..)]` in a place where it has no meaning. `place` names the place in the error,
/// and says what to do instead.
pub(crate) fn parse_none(attributes: &[Attribute], place: &str) -> syn::Result<()> {
    match attributes.iter().find(|one| is_ours(one)) {
        Some(one) => {
            let message = format!("`#[trace(..)]` has no meaning {place}");
            Err(syn::Error::new_spanned(one, message))
        }
        None => Ok(()),
    }
}

fn is_ours(attribute: &Attribute) -> bool {
    attribute.path().is_ident("trace")
}

fn for_each_entry(
    attributes: &[Attribute],
    mut take: impl FnMut(&ParseNestedMeta<'_>) -> syn::Result<()>,
) -> syn::Result<()> {
    attributes.iter().filter(|one| is_ours(one)).try_for_each(|one| one.parse_nested_meta(|entry| take(&entry)))
}

/// Returns the name of an argument, or an empty string for a path of several words, which no
/// argument is called.
fn name_of(entry: &ParseNestedMeta<'_>) -> String {
    entry.path.get_ident().map(ToString::to_string).unwrap_or_default()
}

/// Reads the string of `bound = ".."` as the inside of a where clause.
fn predicates(entry: &ParseNestedMeta<'_>) -> syn::Result<Vec<WherePredicate>> {
    let text: LitStr = entry.value()?.parse()?;
    let list = text.parse_with(Punctuated::<WherePredicate, Token![,]>::parse_terminated)?;
    Ok(list.into_iter().collect())
}

/// Returns an error if an argument that takes no value is given one.
fn alone(entry: &ParseNestedMeta<'_>) -> syn::Result<()> {
    if entry.input.is_empty() || entry.input.peek(Token![,]) {
        return Ok(());
    }
    let name = name_of(entry);
    Err(entry.error(format!("`{name}` takes no value: write `#[trace({name})]`")))
}

fn twice(entry: &ParseNestedMeta<'_>) -> syn::Error {
    entry.error(format!("`{}` stands here twice: remove one", name_of(entry)))
}

fn not_on_a_type(entry: &ParseNestedMeta<'_>) -> syn::Error {
    let name = name_of(entry);
    if ON_A_FIELD.contains(&name.as_str()) {
        return entry.error(format!("`{name}` belongs on a field: move it to the one it is for"));
    }
    entry.error(
        "unknown attribute: on a type, `#[trace(..)]` takes `finalize`, `acyclic`, `cyclic`, \
         `identity`, `bound = \"..\"` and `crate = ..`",
    )
}

fn not_on_a_field(entry: &ParseNestedMeta<'_>) -> syn::Error {
    let name = name_of(entry);
    if ON_A_TYPE.contains(&name.as_str()) {
        return entry.error(format!("`{name}` belongs on the type: move it above the definition"));
    }
    entry.error("unknown attribute: on a field, `#[trace(..)]` takes only `skip`")
}

#[cfg(test)]
mod tests {
    use super::*;
    use syn::parse_quote;

    fn message(attribute: Attribute) -> String {
        TypeAttributes::parse(&[attribute]).err().expect("this attribute is refused").to_string()
    }

    #[test]
    fn reads_all_of_a_type() {
        let read = TypeAttributes::parse(&[
            parse_quote!(#[trace(finalize, acyclic)]),
            parse_quote!(#[trace(bound = "T: Clone, U: Copy,")]),
            parse_quote!(#[doc = "not ours"]),
        ]);
        let read = read.expect("these attributes are valid");
        assert!(read.finalize.is_some());
        assert_eq!(read.cycles, Cycles::Excluded);
        assert_eq!(read.bound.map(|bound| bound.len()), Some(2));
    }

    #[test]
    fn an_empty_bound_is_a_bound() {
        let read = TypeAttributes::parse(&[parse_quote!(#[trace(bound = "")])]);
        assert_eq!(read.expect("valid").bound.map(|bound| bound.len()), Some(0));
    }

    #[test]
    fn contradictions_and_repetitions_are_refused() {
        assert!(message(parse_quote!(#[trace(cyclic, acyclic)])).contains("contradict"));
        assert!(message(parse_quote!(#[trace(acyclic, cyclic)])).contains("contradict"));
        for twice in [
            parse_quote!(#[trace(finalize, finalize)]),
            parse_quote!(#[trace(cyclic, cyclic)]),
            parse_quote!(#[trace(bound = "", bound = "")]),
        ] {
            assert!(message(twice).contains("twice"));
        }
    }

    #[test]
    fn only_bound_has_a_value() {
        assert!(message(parse_quote!(#[trace(cyclic = "yes")])).contains("takes no value"));
        assert!(message(parse_quote!(#[trace(finalize(late))])).contains("takes no value"));
        assert!(message(parse_quote!(#[trace(bound)])).contains("expected `=`"));
    }

    #[test]
    fn the_crate_can_be_elsewhere() {
        let read = TypeAttributes::parse(&[parse_quote!(#[trace(crate = my::heap, finalize)])]).expect("valid");
        assert_eq!(read.krate, Some(parse_quote!(my::heap)));
        let read = TypeAttributes::parse(&[parse_quote!(#[trace(crate = crate::heap)])]).expect("valid");
        assert_eq!(read.krate, Some(parse_quote!(crate::heap)));
        assert!(message(parse_quote!(#[trace(crate = a, crate = b)])).contains("twice"));
        assert!(message(parse_quote!(#[trace(crate)])).contains("expected `=`"));
    }

    #[test]
    fn misplaced_entries_say_where_they_belong() {
        assert!(message(parse_quote!(#[trace(skip)])).contains("belongs on a field"));
        assert!(message(parse_quote!(#[trace(a::b)])).contains("unknown attribute"));
        let on_field = parse_skip(&[parse_quote!(#[trace(finalize)])]);
        let error = on_field.expect_err("finalize is not for fields").to_string();
        assert!(error.contains("belongs on the type"));
    }

    #[test]
    fn skip_is_read_once() {
        assert!(parse_skip(&[parse_quote!(#[trace(skip)])]).expect("valid"));
        assert!(!parse_skip(&[parse_quote!(#[serde(skip)])]).expect("not ours"));
        assert!(parse_skip(&[parse_quote!(#[trace(skip, skip)])]).is_err());
    }
}
