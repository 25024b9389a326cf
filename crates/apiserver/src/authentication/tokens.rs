//! Static tokens: a file of token, user, uid and groups.

use std::fmt;
use std::path::{Path, PathBuf};

use base::Map;

use super::csv::{self, CsvError};
use crate::user::User;

/// Users by their tokens.
#[derive(Clone, Default)]
pub struct Tokens(Map<String, User>);

/// What is wrong with a file of tokens.
#[derive(Debug, thiserror::Error)]
pub enum TokenFileError {
    /// It cannot be read.
    #[error("cannot read the token file '{}'", path.display())]
    Read {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It is not made of comma separated values.
    #[error("token file '{path}' cannot be read")]
    Csv {
        /// Which file.
        path: String,
        /// What is wrong, and where.
        source: CsvError,
    },
    /// A record is too short.
    #[error(
        "token file '{path}' must have at least 3 columns (token, user name, user uid), found {n_columns}"
    )]
    Columns {
        /// Which file.
        path: String,
        /// How many it has.
        n_columns: usize,
    },
}

impl Tokens {
    /// Reads a file, as `--token-auth-file` names it.
    ///
    /// # Errors
    /// If it cannot be read, or is not as it should be.
    pub fn load(path: &Path) -> Result<Tokens, TokenFileError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| TokenFileError::Read { path: path.to_owned(), source })?;
        Tokens::parse(&path.to_string_lossy(), &text)
    }

    /// Reads the text of a file. Records without a token are skipped; of a token that is there twice the last counts.
    ///
    /// # Errors
    /// If it is not as it should be.
    pub fn parse(path: &str, text: &str) -> Result<Tokens, TokenFileError> {
        let records =
            csv::records(text).map_err(|source| TokenFileError::Csv { path: path.to_owned(), source })?;
        let mut users = Map::default();
        for record in records {
            let n_columns = record.len();
            let [token, name, uid, rest @ ..] = record.as_slice() else {
                return Err(TokenFileError::Columns { path: path.to_owned(), n_columns });
            };
            if token.is_empty() {
                continue;
            }
            let groups = rest.first().map(|groups| groups.split(',').map(str::to_owned).collect());
            let user = User {
                name: name.clone(),
                uid: uid.clone(),
                groups: groups.unwrap_or_default(),
                extra: Vec::new(),
            };
            users.insert(token.clone(), user);
        }
        Ok(Tokens(users))
    }

    /// Whose token it is.
    pub fn get(&self, token: &str) -> Option<&User> {
        self.0.get(token)
    }
}

/// Tokens are secrets: only how many there are.
impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} tokens", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_read_as_upstream_reads_them() {
        let text = "t1,alice,uid-alice,\"dev,ops\"\n,nobody,x\nt2,bob,uid-bob\nt1,carol,uid-carol\n";
        let tokens = Tokens::parse("f", text).unwrap();
        assert_eq!(format!("{tokens:?}"), "2 tokens");
        assert_eq!(tokens.get("t1").unwrap().name, "carol");
        assert_eq!(tokens.get("t2").unwrap().groups, Vec::<String>::new());
        assert!(tokens.get("").is_none());
        let groups = Tokens::parse("f", "t,u,i,\"a,b\"").unwrap().get("t").unwrap().groups.clone();
        assert_eq!(groups, ["a", "b"]);
        let error = Tokens::parse("f", "t,u\n").unwrap_err().to_string();
        assert_eq!(
            error,
            "token file 'f' must have at least 3 columns (token, user name, user uid), found 2"
        );
        let error = Tokens::load(Path::new("/nowhere/tokens")).unwrap_err().to_string();
        assert_eq!(error, "cannot read the token file '/nowhere/tokens'");
    }
}
