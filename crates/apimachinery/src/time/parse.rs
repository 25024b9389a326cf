//! Whether a text is a time, with Go's words where it is not.

use crate::go;

/// A text that is no time. Displays as Go's parser does.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("parsing time {}{message}", go::quote(text))]
pub struct TimeError {
    text: String,
    message: String,
}

impl TimeError {
    pub(super) fn out_of_range(text: &str, what: &str) -> Self {
        Self { text: text.to_owned(), message: format!(": {what} out of range") }
    }
}

/// What a time looks like.
#[derive(Clone, Copy)]
pub(super) enum Layout {
    Seconds,
    Micros,
}

impl Layout {
    fn as_str(self) -> &'static str {
        match self {
            Self::Seconds => "2006-01-02T15:04:05Z07:00",
            Self::Micros => "2006-01-02T15:04:05.000000Z07:00",
        }
    }
}

/// Checks a text against a layout, element by element.
pub(super) fn check(text: &str, layout: Layout) -> Result<(), TimeError> {
    let mut parser = Parser { text, rest: text, layout };
    let year = parser.digits(4, "2006")?;
    parser.literal("-")?;
    let month = parser.number("01", "month", 1, 12)?;
    parser.literal("-")?;
    let day = parser.digits(2, "02")?;
    parser.literal("T")?;
    parser.number("15", "hour", 0, 23)?;
    parser.literal(":")?;
    parser.number("04", "minute", 0, 59)?;
    parser.literal(":")?;
    parser.number("05", "second", 0, 59)?;
    match layout {
        Layout::Seconds => parser.optional_fraction(),
        Layout::Micros => parser.micros()?,
    }
    parser.zone()?;
    if !parser.rest.is_empty() {
        let message = format!(": extra text: {}", go::quote(parser.rest));
        return Err(TimeError { text: text.to_owned(), message });
    }
    if day < 1 || day > days_in(month, year) {
        return Err(TimeError::out_of_range(text, "day"));
    }
    Ok(())
}

fn days_in(month: u32, year: u32) -> u32 {
    let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        2 if is_leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

struct Parser<'t> {
    text: &'t str,
    rest: &'t str,
    layout: Layout,
}

impl<'t> Parser<'t> {
    fn error(&self, element: &str) -> TimeError {
        let message = format!(
            " as {}: cannot parse {} as {}",
            go::quote(self.layout.as_str()),
            go::quote(self.rest),
            go::quote(element)
        );
        TimeError { text: self.text.to_owned(), message }
    }

    /// Takes so many digits.
    fn digits(&mut self, length: usize, element: &str) -> Result<u32, TimeError> {
        let digits = self.rest.get(..length).filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
        let number = digits.and_then(|digits| digits.parse().ok()).ok_or_else(|| self.error(element))?;
        self.rest = &self.rest[length..];
        Ok(number)
    }

    /// Takes two digits within bounds.
    fn number(&mut self, element: &str, what: &str, min: u32, max: u32) -> Result<u32, TimeError> {
        let number = self.digits(2, element)?;
        if (min..=max).contains(&number) { Ok(number) } else { Err(TimeError::out_of_range(self.text, what)) }
    }

    fn literal(&mut self, text: &str) -> Result<(), TimeError> {
        self.rest = self.rest.strip_prefix(text).ok_or_else(|| self.error(text))?;
        Ok(())
    }

    fn n_digits(text: &str) -> usize {
        text.bytes().take_while(u8::is_ascii_digit).count()
    }

    fn optional_fraction(&mut self) {
        if let Some(fraction) = self.rest.strip_prefix(['.', ',']) {
            let length = Self::n_digits(fraction);
            if length > 0 {
                self.rest = &fraction[length..];
            }
        }
    }

    fn micros(&mut self) -> Result<(), TimeError> {
        let fraction = self.rest.strip_prefix(['.', ',']).unwrap_or_default();
        if Self::n_digits(fraction) != 6 {
            return Err(self.error(".000000"));
        }
        self.rest = &fraction[6..];
        Ok(())
    }

    fn zone(&mut self) -> Result<(), TimeError> {
        if let Some(rest) = self.rest.strip_prefix('Z') {
            self.rest = rest;
            return Ok(());
        }
        let bytes = self.rest.as_bytes();
        let has_form = bytes.len() >= 6
            && matches!(bytes[0], b'+' | b'-')
            && bytes[3] == b':'
            && [1, 2, 4, 5].iter().all(|i| bytes[*i].is_ascii_digit());
        if !has_form {
            return Err(self.error("Z07:00"));
        }
        let number = |from: usize| self.rest[from..from + 2].parse::<u32>().unwrap_or(u32::MAX);
        if number(1) > 24 {
            return Err(TimeError::out_of_range(self.text, "time zone offset hour"));
        }
        if number(4) > 60 {
            return Err(TimeError::out_of_range(self.text, "time zone offset minute"));
        }
        self.rest = &self.rest[6..];
        Ok(())
    }
}
