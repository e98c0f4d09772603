//! What a field's type says by its words: a wrapper is recognised by its name.

use proc_macro2::Ident;
use syn::{GenericArgument, PathArguments, Type};

/// A field's type.
pub(crate) enum Shape<'a> {
    /// `HasOne<C>`.
    HasOne(&'a Type),
    /// `HasMany<C>`.
    HasMany,
    /// `ManyToMany<C>`.
    ManyToMany,
    /// `BelongsTo<P>`, `Option<BelongsTo<P>>`.
    BelongsTo {
        /// The parent.
        target: &'a Type,
        /// In an `Option`.
        optional: bool,
    },
    /// A wrapper inside of another type, where it can't work.
    Nested {
        /// The other type.
        outer: &'a Ident,
        /// The wrapper.
        wrapper: &'a Type,
    },
    /// Anything else.
    Plain {
        /// What it holds, if it is an `Option`, a `Vec` or a `Box`.
        holds: Option<(&'a Ident, &'a Type)>,
    },
}

impl<'a> Shape<'a> {
    /// Looks at the last segment of the type's path, and into `Option`, `Vec` and `Box`.
    pub(crate) fn of(ty: &'a Type) -> Self {
        let Some((name, inner)) = generic(ty) else {
            return Self::Plain { holds: None };
        };
        match name.to_string().as_str() {
            "HasOne" => Self::HasOne(inner),
            "HasMany" => Self::HasMany,
            "ManyToMany" => Self::ManyToMany,
            "BelongsTo" => Self::BelongsTo {
                target: inner,
                optional: false,
            },
            "Option" | "Vec" | "Box" => Self::inside(name, inner),
            _ => Self::Plain { holds: None },
        }
    }

    fn inside(outer: &'a Ident, inner: &'a Type) -> Self {
        match Self::of(inner) {
            Self::BelongsTo {
                target,
                optional: false,
            } if outer == "Option" => Self::BelongsTo {
                target,
                optional: true,
            },
            Self::Plain { .. } => Self::Plain {
                holds: Some((outer, inner)),
            },
            _ => Self::Nested {
                outer,
                wrapper: inner,
            },
        }
    }
}

/// The name and the only argument of a type such as `HasOne<Profile>`.
fn generic(ty: &Type) -> Option<(&Ident, &Type)> {
    let path = match ty {
        Type::Group(group) => return generic(&group.elem),
        Type::Paren(paren) => return generic(&paren.elem),
        Type::Path(path) => &path.path,
        _ => return None,
    };
    let last = path.segments.last()?;
    let PathArguments::AngleBracketed(arguments) = &last.arguments else {
        return None;
    };
    match arguments.args.first()? {
        GenericArgument::Type(inner) if arguments.args.len() == 1 => Some((&last.ident, inner)),
        _ => None,
    }
}
