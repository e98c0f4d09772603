//! Rows that take each other's unique values.

use crate::model::database::Value;
use crate::model::memory::Object;
use crate::model::save::each;
use crate::model::schema::Schema;
use crate::model::{Did, Effects, How, Kind, Refusal, World};

/// **Exchanges** of a unique key: rows that take each other's old value let go first where the column accepts NULL; else no order saves them.
pub(crate) fn exchanges(
    schema: &Schema,
    world: &World,
    graph: &[Object],
    effects: &mut Effects,
) -> Result<(), Refusal> {
    let mut moves: Vec<(usize, usize, Value, Value)> = Vec::new();
    let mut graph = graph.to_vec();
    for root in &mut graph {
        each(schema, root, None, &mut |object, place| {
            if let (Some(place), Some(recorded)) = (place, &object.recorded)
                && recorded.values[place.column] != place.key
                && schema.tables[object.table].columns[place.column].unique
                && world.database.row(object.table, object.key()).is_some()
            {
                moves.push((
                    object.table,
                    place.column,
                    recorded.values[place.column].clone(),
                    place.key.clone(),
                ));
            }
            for relation in &schema.tables[object.table].relations {
                if let (Some(column), Some(recorded)) =
                    (relation.kind.own_column(), &object.recorded)
                    && schema.tables[object.table].columns[column].unique
                    && recorded.values[column] != Value::Null
                    && recorded.values[column] != object.values[column]
                {
                    moves.push((
                        object.table,
                        column,
                        recorded.values[column].clone(),
                        object.values[column].clone(),
                    ));
                }
            }
            Ok(())
        })?;
    }
    for (table, column, from, to) in &moves {
        let mut at = to;
        let follows = |at: &Value| {
            moves
                .iter()
                .find(|next| next.0 == *table && next.1 == *column && next.2 == *at)
        };
        for _ in 0..moves.len() {
            match follows(at).filter(|_| at != from) {
                Some(next) => at = &next.3,
                None => break,
            }
        }
        if at == from {
            if !schema.tables[*table].columns[*column].nullable {
                return Err(Refusal::of(Kind::Contradiction));
            }
            effects.acts.insert((*table, Did::Released, How::Named));
        } else if follows(to).is_some() {
            // A shift: who holds the value goes first.
            effects.acts.insert((*table, Did::Moved, How::First));
        }
    }
    Ok(())
}
