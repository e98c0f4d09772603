//! What a field's type says by its words: a wrapper is recognised by its name.

use proc_macro2::Ident;
use syn::{GenericArgument, PathArguments, Type};

/// A type that holds the rows of a relation.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wrapper {
    /// `HasOne<C>`.
    HasOne,
    /// `HasMany<C>`.
    HasMany,
    /// `ManyToMany<T>`.
    ManyToMany,
    /// `BelongsTo<P>`.
    BelongsTo,
}

impl Wrapper {
    /// Every wrapper.
    const ALL: [Self; 4] = [
        Self::HasOne,
        Self::HasMany,
        Self::ManyToMany,
        Self::BelongsTo,
    ];

    /// Its name.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::HasOne => "HasOne",
            Self::HasMany => "HasMany",
            Self::ManyToMany => "ManyToMany",
            Self::BelongsTo => "BelongsTo",
        }
    }
}

/// A field's type.
pub(crate) enum Shape<'a> {
    /// A wrapper.
    Wrapper {
        /// Which.
        wrapper: Wrapper,
        /// The struct that it holds.
        target: &'a Type,
        /// In an `Option`: a `BelongsTo` that may have no target.
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
        if let Some(wrapper) = Wrapper::ALL
            .into_iter()
            .find(|wrapper| name == wrapper.name())
        {
            return Self::Wrapper {
                wrapper,
                target: inner,
                optional: false,
            };
        }
        if ["Option", "Vec", "Box"].iter().any(|outer| name == outer) {
            return Self::inside(name, inner);
        }
        Self::Plain { holds: None }
    }

    fn inside(outer: &'a Ident, inner: &'a Type) -> Self {
        match Self::of(inner) {
            Self::Wrapper {
                wrapper: wrapper @ Wrapper::BelongsTo,
                target,
                optional: false,
            } if outer == "Option" => Self::Wrapper {
                wrapper,
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

    /// Whether the type is an `Option`, so that its columns accept NULL.
    pub(crate) fn is_optional(&self) -> bool {
        match self {
            Self::Wrapper { optional, .. } => *optional,
            Self::Plain { holds } => holds.is_some_and(|(outer, _)| outer == "Option"),
            Self::Nested { .. } => false,
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
