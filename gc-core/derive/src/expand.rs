//! The generated code: two guards and the implementation of `Trace`.

use crate::attributes::Cycles;
use crate::bounds;
use crate::subject::{Body, Field, Subject, Variant, generated_at};
use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote, quote_spanned};

/// All that `#[derive(Trace)]` adds beside the type.
pub(crate) fn expand(subject: &Subject<'_>) -> TokenStream {
    let guards = guards(subject);
    let implementation = implementation(subject);
    quote! {
        const _: () = {
            #guards
            #implementation
        };
    }
}

/// Implementations that conflict with what the user must not write, since the
/// language has no negative bounds: gc-core implements the first trait for all
/// `T: Drop`, the second for all `T: Finalize`. The compiler's message shows
/// the trait's name, so the name is the message.
fn guards(subject: &Subject<'_>) -> TokenStream {
    let no_drop = guard(subject, "TracedTypeMustNotImplDrop_ImplFinalizeInstead");
    if subject.attributes.finalize.is_some() {
        return no_drop;
    }
    let no_finalize = guard(subject, "FinalizeNeedsTheAttributeTraceFinalize");
    quote!(#no_drop #no_finalize)
}

fn guard(subject: &Subject<'_>, name: &str) -> TokenStream {
    let (ident, name) = (&subject.ident, format_ident!("{name}"));
    let (params, arguments, clause) = subject.generics.split_for_impl();
    quote! {
        #[automatically_derived]
        impl #params ::gc_core::__private::#name for #ident #arguments #clause {}
    }
}

fn implementation(subject: &Subject<'_>) -> TokenStream {
    let ident = &subject.ident;
    let (params, arguments, _) = subject.generics.split_for_impl();
    let clause = bounds::where_clause(subject);
    let (finalizer, types, trace, fields) = (finalizer(subject), types(subject), trace(subject), fields(subject));
    quote! {
        #[automatically_derived]
        unsafe impl #params ::gc_core::Trace for #ident #arguments #clause {
            #finalizer
            #types
            #trace
            #fields
        }
    }
}

/// `FINALIZER`, for types with the attribute.
fn finalizer(subject: &Subject<'_>) -> Option<TokenStream> {
    let span = subject.attributes.finalize?;
    Some(quote_spanned! {generated_at(span)=>
        const FINALIZER: ::core::option::Option<::gc_core::FinalizerFns> =
            ::core::option::Option::Some(::gc_core::FinalizerFns::of::<Self>());
    })
}

/// `types`: each field of any variant, and what the attribute says. A promise
/// comes first, so that the heap can tell whose it is: the fields may make their
/// own. A type that is assumed to be cyclic describes no field at all, because
/// that might have no end.
fn types(subject: &Subject<'_>) -> TokenStream {
    let fields = subject.fields().map(describe);
    let body = match subject.attributes.cycles {
        Cycles::Assumed => quote!(walk.cyclic();),
        Cycles::Excluded => quote!(walk.acyclic(); #(#fields)*),
        Cycles::FromFields => quote!(#(#fields)*),
    };
    let walk = argument("walk", &body);
    quote! {
        fn types(#walk: &mut ::gc_core::Walk) { #body }
    }
}

/// One field for `types`.
///
/// The path in front does nothing. If the field is not `Trace`, the compiler
/// complains of the path in the same words as of the one in `trace`, shows that
/// complaint once and drops the worse one about `Walk::field`. The code stands
/// at the derive and only the type at the field: otherwise the compiler takes
/// the type for an argument and proposes to borrow it.
fn describe(field: &Field<'_>) -> TokenStream {
    let ty = field.ty;
    if field.skipped {
        return quote_spanned!(field.span()=> ::gc_core::Walk::untraced::<#ty>(walk););
    }
    quote! {
        let _ = <#ty as ::gc_core::Trace>::types;
        ::gc_core::Walk::field::<#ty>(walk);
    }
}

/// `fields`: those of a struct that are skipped. (Where those of a variant lie cannot be
/// asked, nor where those of an unsized value do.)
fn fields(subject: &Subject<'_>) -> TokenStream {
    let skipped: Vec<&Field<'_>> = match &subject.body {
        Body::Struct(fields) if !subject.may_be_unsized() => fields.iter().filter(|field| field.skipped).collect(),
        _ => Vec::new(),
    };
    let added = skipped.into_iter().map(|field| {
        let (label, member, ty) = (field.label(), &field.member, field.ty);
        quote_spanned! {field.span()=>
            ::gc_core::FieldList::add(
                list, #label, ::core::mem::offset_of!(Self, #member), ::core::mem::size_of::<#ty>(),
            );
        }
    });
    quote! {
        fn fields(list: &mut ::gc_core::FieldList) {
            ::gc_core::FieldList::rest_is_traced(list);
            #(#added)*
        }
    }
}

/// `trace`: each traced field of the value, or of the variant it is.
///
/// The method's parameter is called `__V` because a user's `V` would clash.
fn trace(subject: &Subject<'_>) -> TokenStream {
    let body = match &subject.body {
        Body::Struct(fields) => trace_struct(fields),
        Body::Enum(variants) => trace_enum(variants),
    };
    let visitor = argument("visitor", &body);
    quote! {
        #[inline]
        fn trace<__V: ::gc_core::Visitor>(&self, #visitor: &mut __V) { #body }
    }
}

fn trace_struct(fields: &[Field<'_>]) -> TokenStream {
    let traced = fields.iter().filter(|field| !field.skipped);
    traced
        .map(|field| {
            let member = &field.member;
            trace_field(field, &quote_spanned!(field.span()=> &self.#member))
        })
        .collect()
}

/// A match with an arm for each variant that has edges and one for the others;
/// nothing at all when no variant has any, which covers the empty enum too.
fn trace_enum(variants: &[Variant<'_>]) -> TokenStream {
    let (with, without): (Vec<_>, Vec<_>) =
        variants.iter().partition(|variant| variant.fields.iter().any(|field| !field.skipped));
    if with.is_empty() {
        return TokenStream::new();
    }
    let arms = with.into_iter().map(trace_variant);
    let rest = without.iter().map(|variant| &variant.ident);
    let rest = (!without.is_empty()).then(|| quote!(#(Self::#rest { .. })|* => {}));
    quote! {
        match self {
            #(#arms)*
            #rest
        }
    }
}

/// One arm. `Variant { 0: field }` is a valid pattern for tuple variants, so
/// named and numbered fields need no different treatment.
fn trace_variant(variant: &Variant<'_>) -> TokenStream {
    let ident = &variant.ident;
    let traced = variant.fields.iter().enumerate().filter(|(_, field)| !field.skipped);
    let (patterns, calls): (Vec<_>, Vec<_>) = traced
        .map(|(index, field)| {
            let member = &field.member;
            let name = format_ident!("__field_{index}", span = field.span());
            (quote!(#member: #name), trace_field(field, &quote!(#name)))
        })
        .unzip();
    quote!(Self::#ident { #(#patterns,)* .. } => { #(#calls)* })
}

/// Reports the edges of one field, which `place` is a reference to.
fn trace_field(field: &Field<'_>, place: &TokenStream) -> TokenStream {
    let (ty, label) = (field.ty, field.label());
    quote_spanned! {field.span()=>
        ::gc_core::Visitor::enter(visitor, ::gc_core::Seg::Field(#label));
        <#ty as ::gc_core::Trace>::trace(#place, visitor);
        ::gc_core::Visitor::leave(visitor);
    }
}

/// The name of a method's argument, underscored if its body does not use it.
fn argument(name: &str, body: &TokenStream) -> Ident {
    let unused = if body.is_empty() { "_" } else { "" };
    format_ident!("{unused}{name}")
}
