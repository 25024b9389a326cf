use proptest::prelude::*;

use super::*;

fn quantity(text: &str) -> Quantity {
    text.parse().expect(text)
}

/// Parsed amount in nanos, and how it prints.
fn check(text: &str, nanos: i128, printed: &str) {
    let parsed = quantity(text);
    assert_eq!(parsed.as_nanos(), nanos, "{text}");
    assert_eq!(parsed.to_string(), printed, "{text}");
}

const UNIT: i128 = NANOS_PER_UNIT;

#[test]
fn reads_every_suffix() {
    for (suffix, nanos) in [
        ("n", 1),
        ("u", 1_000),
        ("m", 1_000_000),
        ("", UNIT),
        ("k", UNIT * 1_000),
        ("M", UNIT * 1_000_000),
        ("G", UNIT * 1_000_000_000),
        ("T", UNIT * 1_000_000_000_000),
        ("P", UNIT * 1_000_000_000_000_000),
        ("E", UNIT * 1_000_000_000_000_000_000),
        ("Ki", UNIT << 10),
        ("Mi", UNIT << 20),
        ("Gi", UNIT << 30),
        ("Ti", UNIT << 40),
        ("Pi", UNIT << 50),
        ("Ei", UNIT << 60),
    ] {
        check(&format!("3{suffix}"), 3 * nanos, &format!("3{suffix}"));
        check(&format!("-3{suffix}"), -3 * nanos, &format!("-3{suffix}"));
    }
}

#[test]
fn prints_the_shortest_whole_number() {
    check("1500m", 1_500_000_000, "1500m");
    check("1.5", 1_500_000_000, "1500m");
    check("1000m", UNIT, "1");
    check("0.1", 100_000_000, "100m");
    check("1024Mi", UNIT << 30, "1Gi");
    check("1536Mi", (UNIT * 3) << 29, "1536Mi");
    check("1.5Gi", (UNIT * 3) << 29, "1536Mi");
    check("128974848", UNIT * 128_974_848, "128974848");
    check("129e6", UNIT * 129_000_000, "129e6");
    check("129M", UNIT * 129_000_000, "129M");
    check("123Mi", (UNIT * 123) << 20, "123Mi");
    check("100000", UNIT * 100_000, "100k");
    check("1e-3", 1_000_000, "1e-3");
    check("12E2", UNIT * 1200, "1200");
    for zero in ["0", "0Gi", "-0", "0.000", ".0e9", "00m"] {
        check(zero, 0, "0");
    }
}

#[test]
fn small_binary_amounts_print_as_decimals() {
    check("1Ki", UNIT << 10, "1Ki");
    check("0.5Ki", UNIT * 512, "512");
    check("0.0005Ki", 512_000_000, "512m");
    check("1.0001Ki", 1_024_102_400_000, "1024102400u");
}

#[test]
fn accepts_half_written_numbers() {
    check(".5", 500_000_000, "500m");
    check("5.", 5 * UNIT, "5");
    check("+5.Gi", (5 * UNIT) << 30, "5Gi");
    check("007", 7 * UNIT, "7");
}

#[test]
fn a_bare_e_is_exa_and_one_with_digits_an_exponent() {
    check("1E", UNIT * 1_000_000_000_000_000_000, "1E");
    check("1E3", UNIT * 1000, "1e3");
    check("1E-3", 1_000_000, "1e-3");
    check("1e+3", UNIT * 1000, "1e3");
    assert!("1e".parse::<Quantity>().is_err());
}

#[test]
fn rounds_up_below_nano() {
    check("0.1n", 1, "1n");
    check("1.1n", 2, "2n");
    check("-1.1n", -2, "-2n");
    check("1e-1000000", 1, "1e-9");
    check("0.00000000000000000000000000000000000000000001", 1, "1n");
    check("1.0000000001", UNIT + 1, "1000000001n");
    check("0.00000000000000000000000000000000000000000001Ei", 1, "1n");
    check("0.0000000009Ki", 922, "922n");
}

#[test]
fn caps_at_the_largest_amount() {
    let max = i64::MAX;
    for text in ["9223372036854775807", "9223372036854775808", "1e30", "99Ei", "1e999999999", "10E"] {
        assert_eq!(quantity(text).value(), max, "{text}");
        assert_eq!(quantity(text).milli_value(), max, "{text}");
        assert_eq!(quantity(&format!("-{text}")).value(), -max, "{text}");
    }
    let digits = "9".repeat(1000);
    assert_eq!(quantity(&digits), quantity("9223372036854775807"));
    assert_eq!(quantity(&format!("{digits}Mi")), quantity("9223372036854775807"));
}

#[test]
fn whole_amounts_round_away_from_zero() {
    assert_eq!(quantity("1m").value(), 1);
    assert_eq!(quantity("-1m").value(), -1);
    assert_eq!(quantity("1n").milli_value(), 1);
    assert_eq!(quantity("1500m").value(), 2);
    assert_eq!(quantity("1500m").milli_value(), 1500);
    assert_eq!(quantity("2").value(), 2);
}

#[test]
fn says_what_is_no_quantity_and_what_would_be() {
    let error = |text: &str| text.parse::<Quantity>().expect_err(text).to_string();
    assert_eq!(
        error("1 GiB"),
        "\"1 GiB\" is not a quantity: there is a space in it; \
         write a number with an optional suffix, such as 500m, 2 or 1.5Gi"
    );
    assert!(error("").contains("it is empty"));
    assert!(error("Gi").contains("does not begin with a number"));
    assert!(error("-").contains("does not begin with a number"));
    assert!(error("1GB").contains("\"GB\" is not one of the suffixes"));
    for text in [
        "1.1.M",
        "1+1.0M",
        "0.1mi",
        "0.1am",
        "aoeu",
        ".5i",
        "1i",
        "-3.01i",
        "-3.01e-",
        " 1",
        "1 ",
        "--1",
        "1K",
        "0x10",
        "1e1.5",
        "½",
        "1e99999999999999999999",
        "m",
        ".",
    ] {
        error(text);
    }
}

#[test]
fn a_sum_keeps_the_format_of_what_is_not_zero() {
    let sum: Quantity = [Quantity::ZERO, quantity("512Mi"), quantity("512Mi")].iter().sum();
    assert_eq!(sum.to_string(), "1Gi");
    assert_eq!((quantity("1") - quantity("300m")).to_string(), "700m");
    let huge: Quantity = std::iter::repeat_n(quantity("8Ei"), 4).sum();
    assert_eq!(huge.as_nanos(), 4 * MAX_NANOS);
    assert_eq!(huge.value(), i64::MAX);
}

#[test]
fn json_numbers_are_read_as_they_are_written() {
    let read = |json: &str| serde_json::from_str::<Quantity>(json).expect(json);
    assert_eq!(read("1"), quantity("1"));
    assert_eq!(read("-1"), quantity("-1"));
    assert_eq!(read("0.5"), quantity("500m"));
    assert_eq!(read("0.1"), quantity("100m"));
    assert_eq!(read("1e3"), quantity("1k"));
    assert_eq!(read("1e-12"), quantity("1n"));
    assert_eq!(read("18446744073709551615"), quantity("9223372036854775807"));
    assert_eq!(read("1e300"), quantity("9223372036854775807"));
    assert_eq!(read(r#"" 2Gi ""#), quantity("2Gi"));
    assert!(serde_json::from_str::<Quantity>("true").is_err());
    assert_eq!(serde_json::to_string(&quantity("1000m")).expect("json"), r#""1""#);
}

fn any_format() -> impl Strategy<Value = Format> {
    prop_oneof![Just(Format::DecimalSi), Just(Format::BinarySi), Just(Format::DecimalExponent)]
}

fn any_quantity() -> impl Strategy<Value = Quantity> {
    let nanos = prop_oneof![
        -MAX_NANOS..=MAX_NANOS,
        (-1_000_000_i128..1_000_000).prop_map(|units| units * UNIT),
        (-1_000_i128..1_000, 0..=40_u32).prop_map(|(n, shift)| (n * UNIT) << shift),
        -10_000_000_000_i128..10_000_000_000,
    ];
    (nanos, any_format()).prop_map(|(nanos, format)| Quantity::from_nanos(nanos).with_format(format))
}

proptest! {
    #[test]
    fn reading_back_what_was_printed_keeps_the_amount(q in any_quantity()) {
        let back = quantity(&q.to_string());
        prop_assert_eq!(back, q);
        // Text need not stay: 45000 written in binary has no suffix, so it is read as decimal and then written 45k.
        prop_assert_eq!(quantity(&back.to_string()).to_string(), back.to_string());
    }

    #[test]
    fn addition_is_commutative_and_associative(a in any_quantity(), b in any_quantity(), c in any_quantity()) {
        prop_assert_eq!(a + b, b + a);
        prop_assert_eq!((a + b) + c, a + (b + c));
        prop_assert_eq!(a + b - b, a);
    }

    #[test]
    fn rounded_amounts_are_no_nearer_to_zero_than_exact_ones(q in any_quantity()) {
        let (value, milli) = (i128::from(q.value()) * UNIT, i128::from(q.milli_value()) * NANOS_PER_MILLI);
        prop_assert!(value.abs() >= q.as_nanos().abs());
        prop_assert!(value.abs() - q.as_nanos().abs() < UNIT);
        if milli.abs() < i128::from(i64::MAX) * NANOS_PER_MILLI {
            prop_assert!(milli.abs() >= q.as_nanos().abs());
        }
    }

    #[test]
    fn order_agrees_with_rounded_amounts(a in any_quantity(), b in any_quantity()) {
        if a <= b {
            prop_assert!(a.value() <= b.value());
            prop_assert!(a.milli_value() <= b.milli_value());
        }
        prop_assert_eq!(a == b, a.cmp(&b) == Ordering::Equal);
    }

    #[test]
    fn digits_and_suffixes_mean_their_product(
        whole in 0_u64..1_000_000, fraction in 0_u32..1000, suffix in 0_usize..7,
    ) {
        let (name, times) =
            [("", 1), ("k", 1000), ("M", 1_000_000), ("G", 1_000_000_000), ("Ki", 1 << 10), ("Mi", 1 << 20), ("Gi", 1 << 30)][suffix];
        let text = format!("{whole}.{fraction:03}{name}");
        let milli = i128::from(whole) * 1000 + i128::from(fraction);
        prop_assert_eq!(quantity(&text).as_nanos(), milli * times * NANOS_PER_MILLI);
    }

    #[test]
    fn no_text_is_too_strange(text in "[-+]?[0-9]{0,50}[.]?[0-9]{0,50}([eE][-+]?[0-9]{0,22}|[a-zA-Z]{0,3}|.{0,4})") {
        if let Ok(q) = text.parse::<Quantity>() {
            prop_assert_eq!(quantity(&q.to_string()), q);
        }
    }
}
