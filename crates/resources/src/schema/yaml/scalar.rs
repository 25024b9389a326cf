//! What a scalar of YAML 1.1 is.

use granit_parser::{ScalarStyle, Tag};

use super::super::json::Node;
use super::YamlError;

/// The value of a scalar.
pub(super) fn resolve(text: &str, style: ScalarStyle, tag: Option<&Tag>) -> Result<Node, YamlError> {
    let wanted = tag.and_then(Tag::core_suffix);
    match wanted {
        Some("str") => return Ok(Node::Text(text.to_owned())),
        None if style != ScalarStyle::Plain || tag.is_some() => return Ok(Node::Text(text.to_owned())),
        _ => {}
    }
    let node = plain(text)?;
    let fits = matches!(
        (wanted, &node),
        (None, _)
            | (Some("null"), Node::Null)
            | (Some("bool"), Node::Bool(_))
            | (Some("int" | "float"), Node::Number(_))
    );
    match wanted {
        Some(wanted) if !fits => {
            Err(YamlError(format!("yaml: cannot decode !!str `{text}` as a !!{wanted}")))
        }
        _ => Ok(node),
    }
}

fn plain(text: &str) -> Result<Node, YamlError> {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Ok(Node::Null),
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => {
            return Ok(Node::Bool(true));
        }
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            return Ok(Node::Bool(false));
        }
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => return Err(unsupported("+Inf")),
        "-.inf" | "-.Inf" | "-.INF" => return Err(unsupported("-Inf")),
        ".nan" | ".NaN" | ".NAN" => return Err(unsupported("NaN")),
        _ => {}
    }
    Ok(number(text).map_or_else(|| Node::Text(text.to_owned()), Node::Number))
}

fn unsupported(value: &str) -> YamlError {
    YamlError(format!("error converting YAML to JSON: json: unsupported value: {value}"))
}

/// The number that a text is, as JSON writes it.
fn number(text: &str) -> Option<String> {
    if !text.starts_with(|c: char| c.is_ascii_digit() || "+-.".contains(c)) {
        return None;
    }
    let plain = text.replace('_', "");
    let (sign, digits) = match plain.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", plain.strip_prefix('+').unwrap_or(&plain)),
    };
    let whole = match digits.get(..2).map(str::to_ascii_lowercase).as_deref() {
        Some("0x") => u64::from_str_radix(&digits[2..], 16).ok(),
        Some("0b") => u64::from_str_radix(&digits[2..], 2).ok(),
        Some("0o") => u64::from_str_radix(&digits[2..], 8).ok(),
        _ if digits.len() > 1 && digits.starts_with('0') && is_digits(digits) => {
            u64::from_str_radix(digits, 8).ok()
        }
        _ if is_digits(digits) => digits.parse::<u64>().ok(),
        _ => None,
    };
    if let Some(whole) = whole {
        return Some(if whole == 0 { "0".to_owned() } else { format!("{sign}{whole}") });
    }
    if !is_fraction(digits) {
        return None;
    }
    let number: f64 = plain.strip_prefix('+').unwrap_or(&plain).parse().ok()?;
    number.is_finite().then(|| go_fraction(number))
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// `1.5`, `.5`, `5.`, `1e3`, `1.5e-3`
fn is_fraction(text: &str) -> bool {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (text, None),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let is_mantissa = (is_digits(whole) || whole.is_empty())
        && (is_digits(fraction) || fraction.is_empty())
        && !(whole.is_empty() && fraction.is_empty());
    is_mantissa && exponent.is_none_or(|digits| is_digits(digits.strip_prefix(['+', '-']).unwrap_or(digits)))
}

/// A fraction as Go's encoder writes it: whole ones without a point, very large and small ones with an exponent.
fn go_fraction(number: f64) -> String {
    let magnitude = number.abs();
    if magnitude != 0.0 && !(1e-6..1e21).contains(&magnitude) {
        let text = format!("{number:e}");
        return match text.split_once('e') {
            Some((mantissa, exponent)) if !exponent.starts_with('-') => format!("{mantissa}e+{exponent}"),
            _ => text,
        };
    }
    format!("{number}")
}
