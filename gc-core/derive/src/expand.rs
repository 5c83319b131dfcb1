//! The generated code: two guards and the implementation of `Trace`.
//!
//! The implementation is `unsafe`, so everything in it must hold whatever stands around the
//! type: other items of any name, attribute macros that ran after this one, and a crate that
//! only pretends to be gc-core. Three rules see to that.
//!
//! * **No type of the user's is named in a body.** A type's tokens can mean something else
//!   there than in the definition, and a reference of one type coerces to another. Each type
//!   is inferred from the field itself, through a pattern.
//! * **Patterns of `trace` name every field**, without `..`: a field that was added after the
//!   derive read the type does not compile. Bindings are `ref`, which an item of the same
//!   name cannot take over.
//! * **Only functions of gc-core's own types and traits are called**, which another crate
//!   cannot replace: the signatures of `Trace` name the real ones. `::core` is a crate that
//!   another one can be called as, too: of it types are named, which must be those that the
//!   signatures say, and no function.

use crate::attributes::Cycles;
use crate::bounds;
use crate::subject::{Body, Field, Subject, Variant, generated_at};
use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};

/// All that `#[derive(Trace)]` adds beside the type.
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

/// Implementations that conflict with what the user must not write, since the
/// language has no negative bounds: gc-core implements the first trait for all
/// `T: Drop`, the second for all `T: Finalize`. The compiler's message shows
/// the trait's name, so the name is the message.
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

/// Equality and hash by where a value is.
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

/// `FINALIZER`, for types with the attribute.
fn finalizer(subject: &Subject<'_>) -> Option<TokenStream> {
    let (span, krate) = (subject.attributes.finalize?, &subject.krate);
    Some(quote_spanned! {generated_at(span)=>
        const FINALIZER: ::core::option::Option<#krate::FinalizerFns> =
            ::core::option::Option::Some(#krate::FinalizerFns::of::<Self>());
    })
}

/// `types`: each field of any variant, and what the attribute says. A promise
/// comes first, so that the heap can tell whose it is: the fields may make their
/// own. A type that is assumed to be cyclic describes no field at all, because
/// that might have no end.
///
/// `derived` compiles only where gc-core itself sees that the type has no `Drop`.
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

/// One field for `types`, by a function that finds it in a value: so its type is what it is
/// there.
fn describe(subject: &Subject<'_>, variant: Option<&Ident>, field: &Field<'_>) -> TokenStream {
    let (krate, find) = (&subject.krate, find(subject, variant, field));
    match field.skipped {
        true => quote!(#krate::TypeWalker::part_untraced(__walk, #find);),
        false => quote!(#krate::Trace::part_types(#find, __walk);),
    }
}

/// A function that tells where one of the fields is in a value, if the value is of the field's
/// variant. `is` is a method of gc-core's own type: the signature that the function is passed to
/// names it, and nothing else is called.
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

/// `Self`, or `Self::Variant`.
fn path_of(variant: Option<&Ident>) -> TokenStream {
    match variant {
        Some(variant) => quote!(Self::#variant),
        None => quote!(Self),
    }
}

/// `fields`: those that are skipped, for the verifier; none of a value of unknown size.
///
/// `__gc_core_note` is a method of gc-core's where the field's type is `Trace`, and a method of the
/// trait where it is not. Its name keeps it apart from the methods of a trait of the user's that
/// every type implements.
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

/// `trace`: each traced field of the value, or of the variant it is.
///
/// No name of the user's can mean the method's parameter, since no type is named in its body.
/// It only must not be called like a parameter of the type.
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

/// One arm. `Variant { 0: ref part }` is a valid pattern for tuples, so named and
/// numbered fields need no different treatment.
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
    /// A name like `wanted` that is no parameter of the type.
    fn fresh(&self, wanted: &str) -> Ident {
        let mut name = wanted.to_string();
        let tokens = self.generics.to_token_stream().to_string();
        while tokens.contains(&name) {
            name.push('_');
        }
        format_ident!("{name}")
    }
}
