//! Terrain: a template for each theme, filled with a bounded list of regions by the seed.

use super::themes::{FEATURES, GENERIC, Water, by_biome, feature, find};
use super::work::Work;
use crate::model::{Region, Shape, Terrain, TerrainBrief};

/// The most regions: a place fills them in within a second or two, a few each frame.
pub const MOST_REGIONS: usize = 100;
/// No region is longer, so that no call fills more voxels than the engine likes.
const LONGEST: i64 = 500;
/// How thick the ground is, in studs.
const GROUND: i64 = 16;

struct Land<'w> {
    work: &'w mut Work,
    size: i64,
    height: i64,
    regions: Vec<Region>,
}

/// The terrain, and what of the wish it does not know.
pub fn terrain(wish: &TerrainBrief, work: &mut Work) -> (Terrain, Vec<String>) {
    let mut notes = Vec::new();
    let theme = find(&wish.theme).unwrap_or_else(|| {
        notes.push(format!("There is no terrain for the theme “{}”; it became a generic one.", wish.theme));
        &GENERIC
    });
    let ground = by_biome(&wish.biome, theme.ground);
    let mut features: Vec<&str> = theme.features.to_vec();
    for word in &wish.features {
        match feature(word) {
            Some(known) if !features.contains(&known) => features.push(known),
            Some(_) => {}
            None => {
                notes.push(format!("The feature “{word}” is not known; known are: {}.", FEATURES.join(", ")));
            }
        }
    }
    let (size, height) = wish.size.studs();
    let mut land = Land { work, size, height, regions: Vec::new() };
    land.ground(ground);
    if let Some((material, count)) = theme.hills {
        land.hills(material, count + size / 500);
    }
    for feature in &features {
        land.feature(feature, ground);
    }
    // Last, as it fills what the hills left free.
    land.sea(theme.water);
    land.regions.truncate(MOST_REGIONS);
    let terrain = Terrain {
        theme: theme.name.to_owned(),
        material: ground.to_owned(),
        size: wish.size,
        studs: size,
        features: features.into_iter().map(str::to_owned).collect(),
        biome: wish.biome.clone(),
        regions: land.regions,
    };
    (terrain, notes)
}

impl Land<'_> {
    fn push(&mut self, shape: Shape, material: &str, position: [i64; 3], size: [i64; 3]) {
        self.work.step(1);
        self.regions.push(Region { shape, material: material.to_owned(), position, size });
    }

    /// A slab whose top is at 0, in tiles.
    fn slab(&mut self, material: &str, top: i64, thickness: i64) {
        let tiles = (self.size + LONGEST - 1) / LONGEST;
        let side = self.size / tiles;
        for x in 0..tiles {
            for z in 0..tiles {
                let middle = |tile: i64| tile * side + side / 2 - self.size / 2;
                let position = [middle(x), top - thickness / 2, middle(z)];
                self.push(Shape::Block, material, position, [side, thickness, side]);
            }
        }
    }

    fn ground(&mut self, material: &str) {
        self.slab(material, 0, GROUND);
    }

    /// A place where something of that width fits, not in the middle: there pupils arrive.
    fn spot(&mut self, width: i64) -> (i64, i64) {
        let most = ((self.size - width) / 2).max(0);
        let least = (self.size / 8).min(most);
        let (x, z) = (self.work.range(least, most), self.work.range(-most, most));
        let x = if self.work.coin() { x } else { -x };
        if self.work.coin() { (x, z) } else { (z, x) }
    }

    fn hills(&mut self, material: &str, count: i64) {
        for _ in 0..count {
            let width = self.work.range(self.size / 12, self.size / 6).min(LONGEST);
            let (x, z) = self.spot(width);
            let depth = width / 4;
            self.push(Shape::Ball, material, [x, -depth, z], [width; 3]);
        }
    }

    fn feature(&mut self, feature: &str, ground: &str) {
        let size = self.size;
        match feature {
            "river" | "road" => {
                let is_river = feature == "river";
                let (material, y) = if is_river { ("Water", -4) } else { ("Asphalt", 0) };
                let x = self.work.range(size / 6, size / 3);
                let (width, depth) = (size / 16, if is_river { 8 } else { 4 });
                let tiles = (size + LONGEST - 1) / LONGEST;
                let length = size / tiles;
                for tile in 0..tiles {
                    let z = tile * length + length / 2 - size / 2;
                    self.push(Shape::Block, material, [x, y, z], [width, depth, length]);
                }
            }
            "lake" | "beach" => {
                let width = (size / 5).min(LONGEST);
                let (x, z) = self.spot(width + 8);
                self.push(Shape::Cylinder, "Sand", [x, -4, z], [width + 8, 8, width + 8]);
                self.push(Shape::Cylinder, "Water", [x, -4, z], [width, 8, width]);
            }
            "waterfall" => {
                let (width, height) = (size / 20, self.height / 3);
                let (x, z) = self.spot(width * 4);
                self.push(Shape::Block, "Rock", [x, height / 2, z], [width * 2, height, width]);
                self.push(Shape::Block, "Water", [x, height / 2, z + width / 2 + 2], [width, height, 4]);
                self.push(Shape::Cylinder, "Water", [x, -2, z + width], [width * 2, 4, width * 2]);
            }
            "mountain" | "volcano" => {
                let width = (size / 4).min(LONGEST);
                let (x, z) = self.spot(width);
                let steps = 5;
                for step in 0..steps {
                    let narrow = width - step * width / (steps + 1);
                    let layer = (self.height / steps).max(4);
                    let rock = if feature == "volcano" { "Basalt" } else { "Rock" };
                    let material = if step == steps - 1 && feature == "mountain" { "Snow" } else { rock };
                    let y = step * layer + layer / 2;
                    self.push(Shape::Cylinder, material, [x, y, z], [narrow, layer, narrow]);
                }
                if feature == "volcano" {
                    let crater = (width / 8).max(4);
                    self.push(Shape::Cylinder, "CrackedLava", [x, self.height - 4, z], [crater, 8, crater]);
                }
            }
            "trees" => {
                for _ in 0..8 {
                    let crown = self.work.range(10, 16);
                    let (x, z) = self.spot(crown);
                    self.push(Shape::Cylinder, "WoodPlanks", [x, 8, z], [4, 16, 4]);
                    self.push(Shape::Ball, "LeafyGrass", [x, 18, z], [crown; 3]);
                }
            }
            "hills" => self.hills(ground, 5),
            "plaza" => {
                let width = (size / 4).min(LONGEST);
                self.push(Shape::Cylinder, "Pavement", [0, -2, 0], [width, 4, width]);
            }
            "cave" => {
                let width = (size / 10).min(LONGEST);
                let (x, z) = self.spot(width * 2);
                self.push(Shape::Ball, "Rock", [x, width / 4, z], [width; 3]);
                self.push(Shape::Block, "Air", [x, width / 8, z], [width, width / 4, width / 3]);
            }
            "craters" => {
                for _ in 0..4 {
                    let width = self.work.range(size / 20, size / 10);
                    let (x, z) = self.spot(width);
                    self.push(Shape::Cylinder, "Air", [x, -4, z], [width, 8, width]);
                }
            }
            _ => {}
        }
    }

    fn sea(&mut self, water: Water) {
        match water {
            Water::None => {}
            Water::Sea => {
                // Round an island in the middle.
                let (half, depth) = (self.size / 2, 12);
                let strip = self.size / 4;
                for side in [-1, 1] {
                    let tiles = (self.size + LONGEST - 1) / LONGEST;
                    let length = self.size / tiles;
                    for tile in 0..tiles {
                        let along = tile * length + length / 2 - half;
                        let across = side * (half - strip / 2);
                        self.push(Shape::Block, "Water", [across, -6, along], [strip, depth, length]);
                    }
                }
            }
            Water::Deep => self.slab("Water", self.height / 2, self.height / 2),
        }
    }
}

/// How many voxels of 4 × 4 × 4 studs the regions touch at most, counted twice where they overlap.
pub fn voxels(regions: &[Region]) -> i64 {
    let along = |studs: i64| studs / 4 + 1;
    regions.iter().map(|region| region.size.iter().map(|studs| along(*studs)).product::<i64>()).sum()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{Strategy, any, prop, prop_assert, prop_assert_eq, proptest};

    use super::{LONGEST, MOST_REGIONS, terrain};
    use crate::domain::content::themes::{FEATURES, THEMES};
    use crate::domain::content::work::Work;
    use crate::model::{TerrainBrief, TerrainSize};

    fn wishes() -> impl Strategy<Value = TerrainBrief> {
        let themes: Vec<&str> =
            THEMES.iter().flat_map(|theme| theme.words).copied().chain(["cheese"]).collect();
        let sizes =
            [TerrainSize::Small, TerrainSize::Medium, TerrainSize::Large, TerrainSize::Xlarge].to_vec();
        let features = prop::sample::subsequence(FEATURES.to_vec(), 0..=FEATURES.len());
        let biomes = vec!["temperate", "arctic", "tropical", "arid"];
        let parts = (
            prop::sample::select(themes),
            prop::sample::select(sizes),
            features,
            prop::sample::select(biomes),
        );
        parts.prop_map(|(theme, size, features, biome)| TerrainBrief {
            theme: theme.to_owned(),
            biome: biome.to_owned(),
            size,
            features: features.into_iter().map(str::to_owned).collect(),
        })
    }

    /// Of Enum.Material, those that terrain takes (create.roblox.com/docs/parts/terrain).
    const MATERIALS: [&str; 24] = [
        "Air",
        "Asphalt",
        "Basalt",
        "Brick",
        "Cobblestone",
        "Concrete",
        "CrackedLava",
        "Glacier",
        "Grass",
        "Ground",
        "Ice",
        "LeafyGrass",
        "Limestone",
        "Mud",
        "Pavement",
        "Rock",
        "Salt",
        "Sand",
        "Sandstone",
        "Slate",
        "Snow",
        "Water",
        "WoodPlanks",
        "Plaster",
    ];

    proptest! {
        #[test]
        fn regions_are_bounded_and_within_the_size_and_of_materials_that_terrain_takes(wish in wishes(), seed in any::<u64>()) {
            let (terrain, notes) = terrain(&wish, &mut Work::new(seed, "terrain"));
            prop_assert!((1..=MOST_REGIONS).contains(&terrain.regions.len()));
            prop_assert_eq!(notes.len(), usize::from(wish.theme == "cheese"));
            for region in &terrain.regions {
                prop_assert!(MATERIALS[..23].contains(&region.material.as_str()), "{}", region.material);
                for axis in 0..3 {
                    prop_assert!((1..=LONGEST + 8).contains(&region.size[axis]), "{:?}", region);
                }
                for axis in [0, 2] {
                    let reach = region.position[axis].abs() + region.size[axis] / 2;
                    prop_assert!(reach <= terrain.studs / 2 + 1, "{:?} of {}", region, terrain.studs);
                }
            }
        }
    }
}
