//! Themes and features of terrain, and the words for them.

/// A theme: the ground, what stands on it, and words for it.
pub(super) struct Theme {
    pub name: &'static str,
    pub words: &'static [&'static str],
    pub ground: &'static str,
    /// Hills of this material, and how many for each size.
    pub hills: Option<(&'static str, i64)>,
    /// Water around or above.
    pub water: Water,
    /// Features that it has without being asked.
    pub features: &'static [&'static str],
}

/// Water of a theme.
#[derive(PartialEq, Eq, Clone, Copy)]
pub(super) enum Water {
    None,
    Sea,
    Deep,
}

/// The themes that are known.
pub(super) const THEMES: [Theme; 9] = [
    Theme {
        name: "forest",
        words: &["forest", "outdoor", "jungle", "wood", "woods", "park"],
        ground: "Grass",
        hills: Some(("LeafyGrass", 5)),
        water: Water::None,
        features: &["trees"],
    },
    Theme {
        name: "ocean",
        words: &["ocean", "sea", "beach", "island", "coast"],
        ground: "Sand",
        hills: Some(("Sand", 4)),
        water: Water::Sea,
        features: &[],
    },
    Theme {
        name: "underwater",
        words: &["underwater", "reef"],
        ground: "Sand",
        hills: Some(("Rock", 5)),
        water: Water::Deep,
        features: &[],
    },
    Theme {
        name: "desert",
        words: &["desert", "dunes", "savanna"],
        ground: "Sand",
        hills: Some(("Sandstone", 6)),
        water: Water::None,
        features: &[],
    },
    Theme {
        name: "mountain",
        words: &["mountain", "mountains", "fantasy", "historical", "castle"],
        ground: "Grass",
        hills: Some(("Rock", 8)),
        water: Water::None,
        features: &["mountain"],
    },
    Theme {
        name: "urban",
        words: &["urban", "city", "town", "futuristic", "museum"],
        ground: "Concrete",
        hills: None,
        water: Water::None,
        features: &["road"],
    },
    Theme {
        name: "arctic",
        words: &["arctic", "ice", "snow", "winter", "polar"],
        ground: "Snow",
        hills: Some(("Glacier", 5)),
        water: Water::None,
        features: &[],
    },
    Theme {
        name: "space_station",
        words: &["space_station", "space", "moon", "mars", "planet"],
        ground: "Basalt",
        hills: Some(("Slate", 4)),
        water: Water::None,
        features: &["craters"],
    },
    Theme {
        name: "generic",
        words: &["generic", "classroom", "laboratory", "custom", "school"],
        ground: "Grass",
        hills: None,
        water: Water::None,
        features: &["plaza"],
    },
];

/// The features that are known.
pub(super) const FEATURES: [&str; 12] = [
    "river",
    "lake",
    "mountain",
    "trees",
    "road",
    "plaza",
    "cave",
    "volcano",
    "beach",
    "hills",
    "craters",
    "waterfall",
];

/// How a feature may be called, too.
pub(super) fn feature(word: &str) -> Option<&'static str> {
    let singular = word.trim().to_lowercase();
    let singular = match singular.as_str() {
        "water" | "pond" | "lakes" => "lake",
        "mountains" | "peak" => "mountain",
        "tree" | "forest" | "vegetation" => "trees",
        "hill" => "hills",
        "rivers" | "stream" => "river",
        "path" | "paths" | "roads" => "road",
        "caves" => "cave",
        other => other,
    };
    FEATURES.into_iter().find(|known| *known == singular)
}

/// The ground of a climate, where it decides.
pub(super) fn by_biome(biome: &str, ground: &'static str) -> &'static str {
    match (biome, ground) {
        ("arctic" | "polar" | "tundra", "Grass" | "Concrete") => "Snow",
        ("desert" | "arid", "Grass") => "Sand",
        ("tropical" | "rainforest", "Grass") => "LeafyGrass",
        ("volcanic", "Grass") => "Basalt",
        _ => ground,
    }
}

/// What becomes of a theme that nobody knows.
pub(super) const GENERIC: Theme = Theme {
    name: "generic",
    words: &[],
    ground: "Grass",
    hills: None,
    water: Water::None,
    features: &["plaza"],
};

/// The theme of a word.
pub(super) fn find(theme: &str) -> Option<&'static Theme> {
    let theme = theme.to_lowercase();
    THEMES.iter().find(|known| known.words.contains(&theme.as_str()))
}
