//! Why a request failed, in one word.

macro_rules! reasons {
    ($($(#[$doc:meta])* $name:ident,)+) => {
        /// Reason of a `Status`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Reason {
            /// No reason is given; the body has none either.
            Unknown,
            $($(#[$doc])* $name,)+
        }

        impl Reason {
            /// The word as bodies have it; empty for [`Reason::Unknown`].
            pub const fn as_str(self) -> &'static str {
                match self {
                    Self::Unknown => "",
                    $(Self::$name => stringify!($name),)+
                }
            }

            /// The reason of that name; [`Reason::Unknown`] for every other text.
            pub fn parse(text: &str) -> Self {
                match text {
                    $(stringify!($name) => Self::$name,)+
                    _ => Self::Unknown,
                }
            }
        }
    };
}

reasons! {
    /// The request has no valid credentials.
    Unauthorized,
    /// The user may not do this.
    Forbidden,
    /// The object or the resource is not there.
    NotFound,
    /// An object of that name is there already.
    AlreadyExists,
    /// The object has changed meanwhile.
    Conflict,
    /// What was asked for is not there any more and will not come back.
    Gone,
    /// The object or the options are not valid.
    Invalid,
    /// The server could not do it in time; repeating may help.
    ServerTimeout,
    /// The object is stored in a form that cannot be read.
    StorageReadError,
    /// The request took too long.
    Timeout,
    /// The client sends too much.
    TooManyRequests,
    /// The request makes no sense.
    BadRequest,
    /// The resource cannot do this.
    MethodNotAllowed,
    /// None of the formats that the client takes can be made.
    NotAcceptable,
    /// The body is too large.
    RequestEntityTooLarge,
    /// The body has a format that is not understood.
    UnsupportedMediaType,
    /// The server failed.
    InternalError,
    /// The resource version or the list is too old.
    Expired,
    /// Something that is needed is not there at the moment.
    ServiceUnavailable,
}
