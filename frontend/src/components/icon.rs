//! Pictures of our own, drawn with the colour of the text beside them.

use leptos::prelude::*;

/// A picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Picture {
    /// For something to know.
    Info,
    /// For something to heed.
    Warning,
    /// For something that failed.
    Error,
    /// For something that is done.
    Done,
    /// Search.
    Search,
    /// Closes or clears.
    Cross,
    /// Opens a list.
    Down,
    /// Sorted upwards.
    Ascending,
    /// Sorted downwards.
    Descending,
    /// Can be sorted.
    Sortable,
    /// Something to come.
    Clock,
    /// Something that is over.
    Stop,
    /// Not there.
    Ring,
    /// Sight.
    Eye,
}

impl Picture {
    const fn path(self) -> &'static str {
        match self {
            Self::Info => "M12 3a9 9 0 1 0 0 18a9 9 0 0 0 0-18M12 11v6M12 7.2v.1",
            Self::Warning => "M12 3.5L22 20.5H2zM12 10v5M12 17.6v.1",
            Self::Error => "M8 3h8l5 5v8l-5 5H8l-5-5V8zM12 7.5v5.5M12 16.4v.1",
            Self::Done => "M12 3a9 9 0 1 0 0 18a9 9 0 0 0 0-18M8 12.5l2.7 2.7L16 9.5",
            Self::Search => "M10.5 4a6.5 6.5 0 1 0 0 13a6.5 6.5 0 0 0 0-13M15.5 15.5L21 21",
            Self::Cross => "M6 6l12 12M18 6L6 18",
            Self::Down => "M6 9l6 6l6-6",
            Self::Ascending => "M12 19V5M6 11l6-6l6 6",
            Self::Descending => "M12 5v14M6 13l6 6l6-6",
            Self::Sortable => "M8 9l4-4l4 4M8 15l4 4l4-4",
            Self::Clock => "M12 3a9 9 0 1 0 0 18a9 9 0 0 0 0-18M12 7v5l3.5 2",
            Self::Stop => "M12 3a9 9 0 1 0 0 18a9 9 0 0 0 0-18M8 12h8",
            Self::Ring => "M12 3a9 9 0 1 0 0 18a9 9 0 0 0 0-18",
            Self::Eye => "M2 12q10-14 20 0q-10 14-20 0M12 9a3 3 0 1 0 0 6a3 3 0 0 0 0-6",
        }
    }
}

/// A picture; the words beside it say the same.
#[component]
pub fn Icon(
    /// Which one.
    picture: Picture,
    /// Its class.
    #[prop(optional)]
    class: &'static str,
) -> impl IntoView {
    view! {
        <svg
            class=class
            viewBox="0 0 24 24"
            fill="none"
            stroke="currentColor"
            stroke-width="2"
            stroke-linecap="round"
            stroke-linejoin="round"
            aria-hidden="true"
        >
            <path d=picture.path()></path>
        </svg>
    }
}
