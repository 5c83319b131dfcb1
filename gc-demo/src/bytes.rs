//! Bytes for people.

/// `640 bytes`, `12 KiB`, `8.8 MiB`, `1.5 GiB`.
pub fn shown(bytes: u64) -> String {
    let in_units = |shift: u32| bytes as f64 / f64::from(1u32 << shift);
    match bytes {
        1 => "1 byte".into(),
        0..1024 => format!("{bytes} bytes"),
        1024..0x10_0000 => format!("{:.0} KiB", in_units(10)),
        0x10_0000..0x4000_0000 => format!("{} MiB", tenths(in_units(20))),
        _ => format!("{} GiB", tenths(in_units(30))),
    }
}

fn tenths(value: f64) -> String {
    let text = format!("{value:.1}");
    text.strip_suffix(".0").map(str::to_owned).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::shown;

    #[test]
    fn units_grow_with_the_number() {
        assert_eq!([0, 1, 640, 12 << 10].map(shown), ["0 bytes", "1 byte", "640 bytes", "12 KiB"]);
        assert_eq!([9_175_040, 3 << 29].map(shown), ["8.8 MiB", "1.5 GiB"]);
    }
}
