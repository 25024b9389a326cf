//! Numbers and booleans in queries, with the errors of Go's `strconv`.

/// A text that is no number of the wanted kind.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("strconv.{function}: parsing {}: {problem}", super::quote(text))]
pub struct NumberError {
    function: &'static str,
    text: String,
    problem: &'static str,
}

fn digits_error(function: &'static str, text: &str, digits: &str) -> NumberError {
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let problem = if is_number { "value out of range" } else { "invalid syntax" };
    NumberError { function, text: text.to_owned(), problem }
}

/// Reads a signed integer. Refuses blanks, fractions and what does not fit into 64 bits.
pub fn parse_i64(text: &str) -> Result<i64, NumberError> {
    text.parse().map_err(|_| digits_error("ParseInt", text, text.strip_prefix(['-', '+']).unwrap_or(text)))
}

/// Reads an unsigned integer. Refuses signs, blanks, fractions and what does not fit into 64 bits.
pub fn parse_u64(text: &str) -> Result<u64, NumberError> {
    let error = || digits_error("ParseUint", text, text);
    if text.starts_with('+') {
        return Err(error());
    }
    text.parse().map_err(|_| error())
}

/// Reads a boolean of a query as upstream's conversion of query parameters does: absent is for the caller,
/// `false` in any case and `0` are false, everything else (also the empty text) is true.
pub fn parse_bool(text: &str) -> bool {
    !(text == "0" || text.eq_ignore_ascii_case("false"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_is_wrong_as_strconv_does() {
        assert_eq!(parse_i64("-12"), Ok(-12));
        assert_eq!(parse_u64("12"), Ok(12));
        for (text, expected) in [
            ("x", r#"strconv.ParseInt: parsing "x": invalid syntax"#),
            ("", r#"strconv.ParseInt: parsing "": invalid syntax"#),
            ("1.5", r#"strconv.ParseInt: parsing "1.5": invalid syntax"#),
            ("9223372036854775808", r#"strconv.ParseInt: parsing "9223372036854775808": value out of range"#),
        ] {
            assert_eq!(parse_i64(text).expect_err(text).to_string(), expected);
        }
        for text in ["abc", "-5", "+5", "", "99999999999999999999"] {
            let problem = if text.starts_with('9') { "value out of range" } else { "invalid syntax" };
            let expected = format!("strconv.ParseUint: parsing \"{text}\": {problem}");
            assert_eq!(parse_u64(text).expect_err(text).to_string(), expected);
        }
    }

    #[test]
    fn only_false_and_zero_are_false() {
        for text in ["false", "False", "0"] {
            assert!(!parse_bool(text), "{text}");
        }
        for text in ["", "true", "1", "no", "x"] {
            assert!(parse_bool(text), "{text}");
        }
    }
}
