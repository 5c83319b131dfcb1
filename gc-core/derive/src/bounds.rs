//! The where clause of the generated implementation.
//!
//! A type parameter needs `Trace` only if a traced field mentions it; any other type parameter
//! needs no more than the `'static` that every traced type must be. Like the standard derives, this
//! derive looks at the parameters and not at the types of the fields: `Option<Box<Node<T>>>: Trace`
//! as a condition for `Node<T>: Trace` would make a recursive type depend on itself.

use crate::subject::Subject;
use syn::visit::{self, Visit};
use syn::{Generics, Ident, TypePath, WhereClause, parse_quote};

/// Returns the where clause for `impl Trace`.
pub(crate) fn where_clause(subject: &Subject<'_>) -> WhereClause {
    let mut generics = subject.generics.clone();
    let clause = generics.make_where_clause();
    clause.predicates.extend(static_params(subject.generics));
    match &subject.attributes.bound {
        Some(bound) => clause.predicates.extend(bound.iter().cloned()),
        None => clause.predicates.extend(derived(subject)),
    }
    if needs_finalize(subject) {
        let krate = &subject.krate;
        clause.predicates.push(parse_quote!(Self: #krate::Finalize));
    }
    clause.clone()
}

/// Returns `T: 'static` for every type parameter, which the supertrait of `Trace` requires.
fn static_params(generics: &Generics) -> impl Iterator<Item = syn::WherePredicate> {
    generics.type_params().map(|param| {
        let ident = &param.ident;
        parse_quote!(#ident: 'static)
    })
}

/// Returns true if the conditions of a generic type's `Finalize` have to be repeated. A type
/// without parameters has no conditions, and the compiler warns of a predicate that depends on no
/// parameter.
fn needs_finalize(subject: &Subject<'_>) -> bool {
    subject.attributes.finalize.is_some() && !subject.generics.params.is_empty()
}

/// Returns the bound `Trace` for each parameter and associated type that a traced field mentions.
fn derived(subject: &Subject<'_>) -> Vec<syn::WherePredicate> {
    let mentions = Mentions::collect(subject);
    let krate = &subject.krate;
    let params = mentions.params.into_iter().map(|ident| parse_quote!(#ident: #krate::Trace));
    let projections = mentions.projections.into_iter();
    params.chain(projections.map(|path| parse_quote!(#path: #krate::Trace))).collect()
}

/// The type parameters that occur in a set of types.
struct Mentions<'a> {
    /// The type parameters of the subject, which are searched for in the types.
    known: Vec<&'a Ident>,
    /// The parameters that were found as types of their own.
    params: Vec<&'a Ident>,
    /// The associated types that were found: `T::Item`, `<T as Shape>::Item`. An associated type
    /// needs the bound itself; its parameter does not.
    projections: Vec<&'a TypePath>,
}

impl<'a> Mentions<'a> {
    fn collect(subject: &'a Subject<'_>) -> Self {
        let known = subject.generics.type_params().map(|param| &param.ident).collect();
        let mut mentions = Self { known, params: Vec::new(), projections: Vec::new() };
        for field in subject.traced() {
            mentions.visit_type(field.ty);
        }
        mentions
    }

    fn add_param(&mut self, param: &'a Ident) {
        if !self.params.contains(&param) {
            self.params.push(param);
        }
    }

    /// Returns the type parameter that `path` begins with, or `None`.
    fn head(&self, path: &TypePath) -> Option<&'a Ident> {
        if path.qself.is_some() || path.path.leading_colon.is_some() {
            return None;
        }
        let first = &path.path.segments.first()?.ident;
        self.known.iter().copied().find(|known| *known == first)
    }

    /// Returns true if `path` is `<.. as Shape>::Item` with a parameter before the `as`.
    fn is_qualified(&self, path: &TypePath) -> bool {
        let Some(qself) = &path.qself else {
            return false;
        };
        let mut inner = Self { known: self.known.clone(), params: vec![], projections: vec![] };
        inner.visit_type(&qself.ty);
        !(inner.params.is_empty() && inner.projections.is_empty())
    }
}

impl<'a> Visit<'a> for Mentions<'a> {
    fn visit_type_path(&mut self, path: &'a TypePath) {
        match self.head(path) {
            Some(param) if path.path.segments.len() == 1 => self.add_param(param),
            Some(_) => self.projections.push(path),
            None if self.is_qualified(path) => self.projections.push(path),
            None => visit::visit_type_path(self, path),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use quote::{ToTokens, quote};
    use syn::{DeriveInput, parse_quote};

    /// Checks that the predicates generated for `input` have the text of those expected.
    fn check(input: &DeriveInput, expected: &WhereClause) {
        let subject = Subject::read(input).expect("a valid type");
        let clause = where_clause(&subject).to_token_stream();
        assert_eq!(clause.to_string(), expected.to_token_stream().to_string());
    }

    #[test]
    fn only_mentioned_parameters_are_traced() {
        check(
            &parse_quote! {
                struct Pair<T, U, const N: usize> where U: Copy {
                    first: Slot<[T; N]>,
                    #[trace(skip)]
                    second: U,
                }
            },
            &parse_quote!(where U: Copy, T: 'static, U: 'static, T: ::gc_core::Trace),
        );
    }

    #[test]
    fn a_path_that_only_ends_like_a_parameter_is_none() {
        check(
            &parse_quote!(
                enum E<T> {
                    A(other::T),
                    B(::T),
                }
            ),
            &parse_quote!(where T: 'static),
        );
    }

    #[test]
    fn associated_types_are_traced_themselves() {
        check(
            &parse_quote!(
                struct All<I: Iterator>(Vec<I::Item>, <I as Iterator>::Item);
            ),
            &parse_quote! {
                where I: 'static, I::Item: ::gc_core::Trace, <I as Iterator>::Item: ::gc_core::Trace
            },
        );
    }

    #[test]
    fn bound_replaces_what_was_derived() {
        check(
            &parse_quote!(
                #[trace(bound = "T: Shape")]
                struct Wrap<T>(Gc<T>);
            ),
            &parse_quote!(where T: 'static, T: Shape),
        );
    }

    #[test]
    fn a_finalizer_adds_its_conditions_to_generics_only() {
        let clause: WhereClause = parse_quote!(where T: 'static, Self: ::gc_core::Finalize);
        check(
            &parse_quote!(
                #[trace(finalize)]
                struct Tag<T>(#[trace(skip)] Tags<T>);
            ),
            &clause,
        );
        let input = parse_quote!(
            #[trace(finalize)]
            struct Plain;
        );
        let subject = Subject::read(&input).expect("a valid type");
        let clause = where_clause(&subject);
        assert!(clause.predicates.is_empty(), "{}", quote!(#clause));
    }
}
