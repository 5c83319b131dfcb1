//! The generated code: two guards and the implementation of `Trace`.
//!
//! The implementation is `unsafe`, so everything in it must hold whatever stands around the type:
//! other items of any name, attribute macros that ran after this derive, and a crate that only
//! pretends to be gc-core. Three rules guarantee that.
//!
//! * **A body names no type of the user.** In a body, the tokens of a type can mean something else
//!   than in the definition, and a reference of one type coerces to another. Each type is inferred
//!   from the field itself, through a pattern.
//! * **Patterns of `trace` name every field**, without `..`: a field that was added after the
//!   derive read the type does not compile. Bindings are `ref`, which an item of the same
//!   name cannot take over.
//! * **`trace` and `types` call only functions of gc-core's own types and traits.** Another crate
//!   cannot replace these functions, because the signatures of `Trace` name the real types. Another
//!   crate can be named `core`, too. The code therefore calls no function of `::core`. It names
//!   types of `::core`, but these must be the types that the signatures name.

use crate::attributes::Cycles;
use crate::bounds;
use crate::subject::{Body, Field, Subject, Variant, generated_at};
use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};

/// Returns all items that `#[derive(Trace)]` adds beside the type.
pub(crate) fn expand(subject: &Subject<'_>) -> TokenStream {
    let guards = guards(subject);
    let implementation = implementation(subject);
    let identity = subject.attributes.identity.then(|| identity(subject));
    quote! {
        const _: () = {
            #guards
            #implementation
            #identity
        };
    }
}

/// Returns implementations that conflict with those that the user must not write, since the
/// language has no negative bounds. gc-core implements the first trait for all `T: Drop`, the
/// second for all `T: Finalize`. The compiler's message shows the trait's name, so the name is the
/// message.
fn guards(subject: &Subject<'_>) -> TokenStream {
    let krate = &subject.krate;
    let no_drop = guard(
        subject,
        "TracedTypeMustNotImplDrop_ImplFinalizeInstead",
        &quote!(type Drop = #krate::__private::NoDrop;),
    );
    if subject.attributes.finalize.is_some() {
        return no_drop;
    }
    let no_finalize = guard(subject, "FinalizeNeedsTheAttributeTraceFinalize", &TokenStream::new());
    quote!(#no_drop #no_finalize)
}

fn guard(subject: &Subject<'_>, name: &str, body: &TokenStream) -> TokenStream {
    let (ident, krate, name) = (&subject.ident, &subject.krate, format_ident!("{name}"));
    let (params, arguments, clause) = subject.generics.split_for_impl();
    quote! {
        #[automatically_derived]
        impl #params #krate::__private::#name for #ident #arguments #clause { #body }
    }
}

/// Returns implementations of `PartialEq`, `Eq` and `Hash` that use the address of a value only.
fn identity(subject: &Subject<'_>) -> TokenStream {
    let ident = &subject.ident;
    let (params, arguments, clause) = subject.generics.split_for_impl();
    let hasher = subject.fresh("__H");
    quote! {
        #[automatically_derived]
        impl #params ::core::cmp::PartialEq for #ident #arguments #clause {
            fn eq(&self, __other: &Self) -> bool {
                ::core::ptr::addr_eq(self, __other)
            }
        }
        #[automatically_derived]
        impl #params ::core::cmp::Eq for #ident #arguments #clause {}
        #[automatically_derived]
        impl #params ::core::hash::Hash for #ident #arguments #clause {
            fn hash<#hasher: ::core::hash::Hasher>(&self, __state: &mut #hasher) {
                ::core::hash::Hash::hash(&::core::ptr::from_ref(self).cast::<u8>(), __state)
            }
        }
    }
}

fn implementation(subject: &Subject<'_>) -> TokenStream {
    let (ident, krate) = (&subject.ident, &subject.krate);
    let (params, arguments, _) = subject.generics.split_for_impl();
    let clause = bounds::where_clause(subject);
    let (finalizer, types, trace, fields) = (finalizer(subject), types(subject), trace(subject), fields(subject));
    quote! {
        #[automatically_derived]
        unsafe impl #params #krate::Trace for #ident #arguments #clause {
            #finalizer
            #types
            #trace
            #fields
        }
    }
}

/// Returns the constant `FINALIZER`, for a type with the argument `finalize`.
fn finalizer(subject: &Subject<'_>) -> Option<TokenStream> {
    let (span, krate) = (subject.attributes.finalize?, &subject.krate);
    Some(quote_spanned! {generated_at(span)=>
        const FINALIZER: ::core::option::Option<#krate::FinalizerFns> =
            ::core::option::Option::Some(#krate::FinalizerFns::of::<Self>());
    })
}

/// Returns the function `types`, which declares the fields of all variants, and a promise or
/// assumption about cycles. A promise comes first, so that the heap can tell it from the promises
/// of the fields. A type that is assumed to be cyclic declares no field at all, because that might
/// have no end.
///
/// The call of `derived` compiles only if gc-core itself sees that the type has no `Drop`.
fn types(subject: &Subject<'_>) -> TokenStream {
    let krate = &subject.krate;
    let fields = subject.places().map(|(variant, field)| describe(subject, variant, field));
    let body = match subject.attributes.cycles {
        Cycles::Assumed => quote!(#krate::TypeWalker::cyclic(__walk);),
        Cycles::Excluded => quote!(#krate::TypeWalker::acyclic(__walk); #(#fields)*),
        Cycles::FromFields => quote!(#(#fields)*),
    };
    quote! {
        fn types(__walk: &mut #krate::TypeWalker) {
            #krate::TypeWalker::derived::<Self>(__walk);
            #body
        }
    }
}

/// Returns the declaration of one field for `types`. The field is declared by a function that finds
/// it in a value, so that its type is inferred from the definition.
fn describe(subject: &Subject<'_>, variant: Option<&Ident>, field: &Field<'_>) -> TokenStream {
    let (krate, find) = (&subject.krate, find(subject, variant, field));
    match field.skipped {
        true => quote!(#krate::TypeWalker::part_untraced(__walk, #find);),
        false => quote!(#krate::Trace::part_types(#find, __walk);),
    }
}

/// Returns a function that tells where a field is in a value, if the value is of the field's
/// variant. The function calls nothing but `is`, which is a method of gc-core's own type `Found`:
/// the signature that the function is passed to names that type.
fn find(subject: &Subject<'_>, variant: Option<&Ident>, field: &Field<'_>) -> TokenStream {
    let (span, member, path) = (field.span(), &field.member, path_of(variant));
    let others = (subject.variants() > 1).then(|| quote_spanned!(span=> _ => {}));
    quote_spanned! {span=>
        |__value: &Self, __found| match *__value {
            #path { #member: ref __part, .. } => __found.is(__part),
            #others
        }
    }
}

/// Returns the path `Self`, or `Self::Variant`.
fn path_of(variant: Option<&Ident>) -> TokenStream {
    match variant {
        Some(variant) => quote!(Self::#variant),
        None => quote!(Self),
    }
}

/// Returns the function `fields`, which lists the skipped fields for the verifier. If values may be
/// of unknown size, it lists none.
///
/// `__gc_core_note` is an inherent method of gc-core if the field's type is `Trace`, and a method
/// of the trait `NotTraced` otherwise. The unusual name of the method keeps it apart from the
/// methods of a user's trait that every type implements.
fn fields(subject: &Subject<'_>) -> TokenStream {
    let krate = &subject.krate;
    let skipped = subject.places().filter(|(_, field)| field.skipped).map(|(variant, field)| {
        let (label, find) = (field.label(), find(subject, variant, field));
        quote_spanned! {field.span()=>
            #krate::FieldList::skipped(__list, #label, #find).__gc_core_note();
        }
    });
    let skipped: Vec<TokenStream> = if subject.may_be_unsized() { Vec::new() } else { skipped.collect() };
    let scope = (!skipped.is_empty()).then(|| {
        quote! {
            #[allow(unused_imports)]
            use #krate::__private::NotTraced as _;
        }
    });
    quote! {
        fn fields(__list: &mut #krate::FieldList) {
            #scope
            #krate::FieldList::rest_is_traced(__list);
            #(#skipped)*
        }
    }
}

/// Returns the function `trace`, which reports each traced field of the value or of its variant.
///
/// No name of the user's can take the place of the method's type parameter, because the body names
/// no type. The parameter only must not have the name of a parameter of the type.
fn trace(subject: &Subject<'_>) -> TokenStream {
    let krate = &subject.krate;
    let arms: Vec<TokenStream> = match &subject.body {
        Body::Struct(fields) => vec![arm(subject, None, fields)],
        Body::Enum(variants) => {
            variants.iter().map(|it: &Variant<'_>| arm(subject, Some(&it.ident), &it.fields)).collect()
        }
    };
    let visitor = if subject.traced().next().is_some() { "__visitor" } else { "_" };
    let visitor: TokenStream = visitor.parse().expect("a name");
    let parameter = subject.fresh("__V");
    quote! {
        #[inline]
        fn trace<#parameter: #krate::Visitor>(&self, #visitor: &mut #parameter) {
            match *self {
                #(#arms)*
            }
        }
    }
}

/// Returns the arm of `match` for a struct or variant. `Variant { 0: ref part }` is a valid pattern
/// for tuples, so named and numbered fields need no different treatment.
fn arm(subject: &Subject<'_>, variant: Option<&Ident>, fields: &[Field<'_>]) -> TokenStream {
    let path = path_of(variant);
    let (patterns, calls): (Vec<_>, Vec<_>) =
        fields.iter().enumerate().map(|(index, field)| pattern_and_call(subject, index, field)).unzip();
    quote!(#path { #(#patterns,)* } => { #(#calls)* })
}

fn pattern_and_call(subject: &Subject<'_>, index: usize, field: &Field<'_>) -> (TokenStream, TokenStream) {
    let (krate, member, label) = (&subject.krate, &field.member, field.label());
    if field.skipped {
        return (quote!(#member: _), TokenStream::new());
    }
    let part = format_ident!("__part_{index}", span = field.span());
    let call = quote_spanned!(field.span()=> #krate::Trace::trace_part(#part, #label, __visitor););
    (quote!(#member: ref #part), call)
}

impl Subject<'_> {
    /// Returns a name that begins with `wanted` and is no parameter of the type.
    fn fresh(&self, wanted: &str) -> Ident {
        let mut name = wanted.to_string();
        let tokens = self.generics.to_token_stream().to_string();
        while tokens.contains(&name) {
            name.push('_');
        }
        format_ident!("{name}")
    }
}
