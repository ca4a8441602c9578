//! Numbers and lists as people read them: on every screen, in every record and message.

/// A number with its thousands set apart: `1,204`.
pub fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 job`, `3 jobs`; words that end in `s` take `es`.
pub fn count(number: u64, noun: &str) -> String {
    let ending = match (number, noun.ends_with('s')) {
        (1, _) => "",
        (_, true) => "es",
        (_, false) => "s",
    };
    format!("{} {noun}{ending}", thousands(number))
}

/// `1 job runs`, `3 jobs run`: so many with what they do.
pub fn count_that(number: u64, noun: &str, (one, several): (&str, &str)) -> String {
    let does = if number == 1 { one } else { several };
    format!("{} {does}", count(number, noun))
}

/// The first few names and how many more there are: `a, b and 3 more`.
pub fn few(names: &[String], most: usize) -> String {
    if names.len() <= most {
        return names.join(", ");
    }
    format!(
        "{} and {} more",
        names[..most].join(", "),
        names.len() - most
    )
}

/// Letters of an id that tell it from the others of a screen.
const SHORT: usize = 8;
/// Shorter runs of digits are no ids of jobs: these have 24.
const LEAST: usize = 20;

/// Text with the ids of jobs cut to the letters that tell them apart.
pub fn short_ids(text: &str) -> String {
    let is_digit = |letter: char| matches!(letter, '0'..='9' | 'a'..='f');
    let mut short = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(begin) = rest.find(is_digit) {
        let (before, from) = rest.split_at(begin);
        short.push_str(before);
        let length = from.find(|letter| !is_digit(letter)).unwrap_or(from.len());
        let (digits, after) = from.split_at(length);
        let kept = if length >= LEAST { SHORT } else { length };
        short.push_str(&digits[..kept]);
        rest = after;
    }
    short + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!(thousands(7), "7");
        assert_eq!(thousands(1204), "1,204");
        assert_eq!(thousands(1_000_000), "1,000,000");
        assert_eq!(count(1, "job"), "1 job");
        assert_eq!(count(0, "process"), "0 processes");
        let runs = ("runs", "run");
        assert_eq!(count_that(1, "job", runs), "1 job runs");
        assert_eq!(count_that(2, "job", runs), "2 jobs run");
        let names = ["a", "b", "c"].map(String::from);
        assert_eq!(few(&names, 3), "a, b, c");
        assert_eq!(few(&names, 1), "a and 2 more");
        let told = "SleepJob 0123456789abcdef01234567 on util1:4242, a 0badc0ffee";
        assert_eq!(
            short_ids(told),
            "SleepJob 01234567 on util1:4242, a 0badc0ffee"
        );
        assert_eq!(short_ids(""), "");
    }
}
