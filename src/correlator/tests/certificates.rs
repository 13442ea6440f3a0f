use crate::mapping::Rules;
use crate::onem2m::ResponseStatusCode::{BadRequest, Created};
use crate::onem2m::Validity;

use super::world::*;

#[test]
fn certificate_outside_its_validity_is_told_or_refused() {
    for (refuse_invalid, first, last, text) in [
        (false, 0, 10, ""),
        (false, 2, 10, "is not valid before"),
        (false, 0, 1, "expired at"),
        (true, 0, 10, ""),
        (true, 2, 10, "is not valid before"),
    ] {
        let rules = Rules {
            refuse_invalid,
            ..rules()
        };
        let mut world = World::with(limits(), rules);
        let at = |minutes: u32| world.now + minutes * MINUTE;
        let validity = Validity {
            not_before: at(first),
            not_after: at(last),
        };
        world.now = at(1) + MINUTE / 2;
        let request = create("k1", "a1").with(|create| create.validity = Some(validity));
        if refuse_invalid && !text.is_empty() {
            let response = world.response(request);
            assert_eq!(response.response_status_code, BadRequest);
            assert!(response.debug.contains(text), "{}", response.debug);
            continue;
        }
        world.effects(request);
        world.effects(transfer_complete("k1", 0).path("nonsense"));
        let response = world.response(set_applied("k1"));
        assert_eq!(response.response_status_code, Created);
        assert!(response.debug.contains(text), "{}", response.debug);
        assert_eq!(response.debug.contains("mcfc"), !text.is_empty());
        assert!(response.debug.contains("certificate_path"));
    }
}
