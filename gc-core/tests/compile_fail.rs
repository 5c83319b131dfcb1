//! What must not compile, and what the compiler says about it.
//!
//! The `.stderr` files hold the texts of rustc 1.95. On another version, or
//! after a deliberate change, write them anew and read the difference:
//! `TRYBUILD=overwrite cargo test -p gc-core --test compile_fail`.

/// Every program in `compile_fail/` fails with the text beside it.
#[test]
#[cfg_attr(any(miri, gc_asan), ignore = "runs the compiler")]
fn programs_that_must_not_compile() {
    trybuild::TestCases::new().compile_fail("tests/compile_fail/*.rs");
}
