//! The type that `Trace` is derived for, checked and in the shape that the
//! generated code needs.

use crate::attributes::{TypeAttributes, parse_none, parse_skip};
use crate::errors::Errors;
use proc_macro2::Span;
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::{Data, DataEnum, DataUnion, DeriveInput, Fields, Generics, Ident, Member, Path, Type, parse_quote};

/// A struct or an enum, with its attributes read.
pub(crate) struct Subject<'a> {
    pub(crate) ident: Ident,
    pub(crate) generics: &'a Generics,
    /// The path of gc-core: `::gc_core`, or what `#[trace(crate = ..)]` says.
    pub(crate) krate: Path,
    pub(crate) attributes: TypeAttributes,
    pub(crate) body: Body<'a>,
}

/// The fields of a struct or an enum.
pub(crate) enum Body<'a> {
    /// The fields of a struct, which are in the value itself.
    Struct(Vec<Field<'a>>),
    /// The variants of an enum, each with its fields.
    Enum(Vec<Variant<'a>>),
}

/// A variant of an enum.
pub(crate) struct Variant<'a> {
    pub(crate) ident: Ident,
    pub(crate) fields: Vec<Field<'a>>,
}

/// A field of a struct or of a variant.
pub(crate) struct Field<'a> {
    /// The name or number of the field in the language: `name` or `0`.
    pub(crate) member: Member,
    pub(crate) ty: &'a Type,
    /// True if the field has `#[trace(skip)]`.
    pub(crate) skipped: bool,
}

impl<'a> Subject<'a> {
    /// Reads the input of the derive.
    ///
    /// # Errors
    /// The error names all mistakes of the type.
    pub(crate) fn read(input: &'a DeriveInput) -> syn::Result<Self> {
        let mut errors = Errors::default();
        let attributes: TypeAttributes = errors.value(TypeAttributes::parse(&input.attrs));
        let krate = attributes.krate.clone().unwrap_or_else(|| parse_quote!(::gc_core));
        check_generics(&input.generics, &mut errors);
        let body = match &input.data {
            Data::Struct(data) => Body::Struct(read_fields(&data.fields, &mut errors)),
            Data::Enum(data) => Body::Enum(read_variants(data, &mut errors)),
            Data::Union(data) => {
                errors.push(no_unions(data));
                Body::Struct(Vec::new())
            }
        };
        let (ident, generics) = (generated(&input.ident), &input.generics);
        errors.finish(Self { ident, generics, krate, attributes, body })
    }

    /// Returns true if a value may have a size that is not known at compile time.
    pub(crate) fn may_be_unsized(&self) -> bool {
        let relaxed = self.generics.to_token_stream().into_iter().any(|token| token.to_string() == "?");
        let clause = self.generics.where_clause.to_token_stream();
        let is_unsized = |field: &Field<'_>| matches!(field.ty, Type::Slice(_) | Type::TraitObject(_));
        relaxed
            || clause.into_iter().any(|token| token.to_string() == "?")
            || self.fields().last().is_some_and(is_unsized)
    }

    /// Returns all fields of the type, including those of all variants.
    pub(crate) fn fields(&self) -> impl Iterator<Item = &Field<'a>> {
        self.places().map(|(_, field)| field)
    }

    /// Returns all fields, each with the variant that it belongs to.
    pub(crate) fn places(&self) -> impl Iterator<Item = (Option<&Ident>, &Field<'a>)> {
        let (plain, variants) = match &self.body {
            Body::Struct(fields) => (fields.as_slice(), [].as_slice()),
            Body::Enum(variants) => ([].as_slice(), variants.as_slice()),
        };
        let in_variants = variants.iter().flat_map(|it| it.fields.iter().map(move |field| (Some(&it.ident), field)));
        plain.iter().map(|field| (None, field)).chain(in_variants)
    }

    /// Returns the number of variants; 1 for a struct.
    pub(crate) fn variants(&self) -> usize {
        match &self.body {
            Body::Struct(_) => 1,
            Body::Enum(variants) => variants.len(),
        }
    }

    /// Returns the fields that are not skipped.
    pub(crate) fn traced(&self) -> impl Iterator<Item = &Field<'a>> {
        self.fields().filter(|field| !field.skipped)
    }
}

impl Field<'_> {
    /// Returns the name of an edge through this field: its name or its number.
    pub(crate) fn label(&self) -> String {
        match &self.member {
            Member::Named(name) => name.unraw().to_string(),
            Member::Unnamed(index) => index.index.to_string(),
        }
    }

    /// Returns the place that errors about this field point to.
    pub(crate) fn span(&self) -> Span {
        let first = self.ty.to_token_stream().into_iter().next();
        generated_at(first.map_or_else(Span::call_site, |token| token.span()))
    }
}

/// Refuses lifetime parameters, because a traced type must be `'static`, and attributes of
/// parameters.
fn check_generics(generics: &Generics, errors: &mut Errors) {
    for param in generics.lifetimes() {
        errors.push(syn::Error::new_spanned(
            &param.lifetime,
            "a traced type cannot borrow, it must be `'static`: own the data, or hold it in a `Gc`",
        ));
    }
    for param in &generics.params {
        let attributes = match param {
            syn::GenericParam::Lifetime(param) => &param.attrs,
            syn::GenericParam::Type(param) => &param.attrs,
            syn::GenericParam::Const(param) => &param.attrs,
        };
        let place = "on a parameter: write `#[trace(bound = \"..\")]` above the definition";
        errors.value(parse_none(attributes, place));
    }
}

/// Returns a span at the place of the user's code that is marked as the macro's own. Lints for
/// hand-written code, and `deprecated`, then leave the generated code alone.
pub(crate) fn generated_at(place: Span) -> Span {
    Span::call_site().located_at(place)
}

/// Returns an identifier of the user's for use in generated code.
fn generated(ident: &Ident) -> Ident {
    let mut copy = ident.clone();
    copy.set_span(generated_at(ident.span()));
    copy
}

fn no_unions(data: &DataUnion) -> syn::Error {
    syn::Error::new(
        data.union_token.span,
        "`Trace` cannot be derived for a union, whose live field is not known: use an enum",
    )
}

fn read_variants<'a>(data: &'a DataEnum, errors: &mut Errors) -> Vec<Variant<'a>> {
    let mut variants = Vec::with_capacity(data.variants.len());
    for variant in &data.variants {
        let place = "on a variant: put `#[trace(skip)]` on its fields";
        errors.value(parse_none(&variant.attrs, place));
        let fields = read_fields(&variant.fields, errors);
        variants.push(Variant { ident: generated(&variant.ident), fields });
    }
    variants
}

fn read_fields<'a>(fields: &'a Fields, errors: &mut Errors) -> Vec<Field<'a>> {
    fields
        .members()
        .zip(fields)
        .map(|(member, field)| {
            let skipped = errors.value(parse_skip(&field.attrs));
            Field { member, ty: &field.ty, skipped }
        })
        .collect()
}
