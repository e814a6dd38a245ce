//! Roblox's `Random`: `Random.new(seed)` with `NextNumber`, `NextInteger` and `Shuffle`. The sequence is not Roblox's own,
//! which nobody may rely on; it is the same for the same seed.

use std::cell::Cell;

use mlua::{Lua, MetaMethod, Result, Table, UserData, UserDataFields, UserDataMethods, Value};

use crate::rng::Rng;

struct Random(Rng);

impl UserData for Random {
    fn add_fields<F: UserDataFields<Self>>(fields: &mut F) {
        fields.add_meta_field(MetaMethod::Type, "Random");
    }

    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        methods.add_method_mut("NextNumber", |_, random, (low, high): (Option<f64>, Option<f64>)| {
            let low = low.unwrap_or(0.0);
            Ok(low + random.0.next_f64() * (high.unwrap_or(1.0) - low))
        });
        methods.add_method_mut("NextInteger", |_, random, (low, high): (i64, i64)| {
            if high < low {
                return Err(mlua::Error::runtime("invalid argument #2 to 'NextInteger' (interval is empty)"));
            }
            Ok(random.0.next_between(low, high))
        });
        methods.add_method_mut("Shuffle", |_, random, list: Table| {
            for last in (2..=i64::try_from(list.raw_len()).unwrap_or(i64::MAX)).rev() {
                let other = random.0.next_between(1, last);
                let (a, b): (Value, Value) = (list.raw_get(last)?, list.raw_get(other)?);
                list.raw_set(last, b)?;
                list.raw_set(other, a)?;
            }
            Ok(())
        });
    }
}

/// The global `Random`. A `Random.new()` without a seed takes the next one after `seed`, so that a whole run repeats.
pub fn library(lua: &Lua, seed: u64) -> Result<Table> {
    let library = lua.create_table()?;
    let next = Cell::new(seed);
    let new = lua.create_function(move |lua, seed: Option<f64>| {
        let seed = seed.map_or_else(|| next.replace(next.get().wrapping_add(1)), f64::to_bits);
        lua.create_userdata(Random(Rng::new(seed)))
    })?;
    library.raw_set("new", new)?;
    Ok(library)
}
