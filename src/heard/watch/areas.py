"""Where a station is: a circle or a polygon in metres, and whether a fix with its circle of error lies in it."""

from __future__ import annotations

from itertools import pairwise
from math import cos, hypot, inf, radians

import msgspec

from heard.engine.errors import Refused
from heard.watch.signals import EARTH_M, NOT_KNOWN, TO_95, Known, metres, near

#: Nearer than this no phone can tell inside from outside; farther is no station.
RADIUS_M = (3.0, 20_000.0)
CORNERS_MAX = 100
#: A fix may be good for so long, in seconds: a source that speaks once an hour shows nobody present.
GOOD_FOR_S = (5.0, 900.0)
#: Of one who is so far from the edge only that they are outside is kept.
FAR_M = 200.0

Corner = tuple[float, float]


class Area(msgspec.Struct, frozen=True):
    """`corners` of a polygon as (latitude, longitude), else a circle around `centre`."""

    centre: Corner
    radius_m: float = 0
    corners: tuple[Corner, ...] = ()
    good_for_s: float = 90

    def holds(self, lat: float, lon: float, acc: float | None) -> Known:
        """Whether who is there is in it: known only when the whole circle of error says so (`acc` holds 68 %)."""
        if not self.corners:
            return near(self.centre, self.radius_m, lat, lon, acc)
        if acc is None or acc <= 0 or acc >= NOT_KNOWN:
            return None
        inside_m, error = self.depth_m(lat, lon), TO_95 * acc
        return True if inside_m >= error else False if -inside_m > error else None

    def reach_m(self) -> float:
        """How far it reaches from its middle, at most: whose error is no less lies in it for certain nowhere."""
        if not self.corners:
            return self.radius_m
        flat = [_flat(self.corners[0], corner) for corner in self.corners]
        east, north = [one for one, _ in flat], [other for _, other in flat]
        return min(max(east) - min(east), max(north) - min(north)) / 2

    def is_far(self, lat: float, lon: float, acc: float) -> bool:
        """Whether they are outside for certain, and by far."""
        outside_m = apart_m(self.centre, (lat, lon)) - self.radius_m if not self.corners else -self.depth_m(lat, lon)
        return outside_m > FAR_M and outside_m > 1.01 * TO_95 * acc

    def depth_m(self, lat: float, lon: float) -> float:
        """How deep within the edge a point lies, in metres; negative outside."""
        if not self.corners:
            return self.radius_m - metres(self.centre, (lat, lon))
        points = [_flat((lat, lon), corner) for corner in self.corners]
        to_edge, is_inside = inf, False
        for one, other in pairwise((*points, points[0])):
            to_edge = min(to_edge, _to_segment(one, other))
            if (one[1] > 0) != (other[1] > 0) and one[0] + (other[0] - one[0]) * one[1] / (one[1] - other[1]) > 0:
                is_inside = not is_inside
        return to_edge if is_inside else -to_edge


def _flat(origin: Corner, point: Corner) -> Corner:
    """East and north of an origin, in metres: over the few kilometres of a station the earth is flat to a millimetre
    in ten metres.
    """
    east = radians((point[1] - origin[1] + 180) % 360 - 180)
    return east * cos(radians((origin[0] + point[0]) / 2)) * EARTH_M, radians(point[0] - origin[0]) * EARTH_M


def apart_m(one: Corner, other: Corner) -> float:
    """How far apart two places are, as if the earth were flat: exact to a few parts in a thousand within 100 km, and
    much quicker than along the great circle.
    """
    return hypot(*_flat(one, other))


def _to_segment(one: Corner, other: Corner) -> float:
    """From the origin to the nearest point of a segment."""
    along = (other[0] - one[0], other[1] - one[1])
    length2 = along[0] ** 2 + along[1] ** 2
    part = 0.0 if not length2 else max(0.0, min(1.0, -(one[0] * along[0] + one[1] * along[1]) / length2))
    return hypot(one[0] + part * along[0], one[1] + part * along[1])


def checked(area: Area) -> Area:
    """Raises Refused for what is no station's area."""
    points = area.corners or (area.centre,)
    if not all(-85 <= lat <= 85 and -180 <= lon <= 180 for lat, lon in points):
        raise Refused("A latitude is from -85 to 85 degrees, a longitude from -180 to 180. Nothing was changed.")
    if not GOOD_FOR_S[0] <= area.good_for_s <= GOOD_FOR_S[1]:
        raise Refused("A fix is good for 5 seconds to 15 minutes. Nothing was changed.")
    if not area.corners:
        if not RADIUS_M[0] <= area.radius_m <= RADIUS_M[1]:
            raise Refused("A station's radius is from 3 m to 20 km. Nothing was changed.")
        return area
    if not 3 <= len(area.corners) <= CORNERS_MAX:
        raise Refused(f"A polygon has from 3 to {CORNERS_MAX} corners. Nothing was changed.")
    flat = [_flat(area.corners[0], corner) for corner in area.corners]
    if max(hypot(*point) for point in flat) > RADIUS_M[1]:
        raise Refused("A station is at most 20 km wide. Nothing was changed.")
    edges = list(pairwise((*flat, flat[0])))
    if any(_cross(one, other) for n, one in enumerate(edges) for other in edges[n + 1 :]):
        raise Refused("The polygon's edges cross each other. Nothing was changed; give its corners in order.")
    return area


def _cross(one: tuple[Corner, Corner], other: tuple[Corner, Corner]) -> bool:
    """Whether two edges cross, other than at a corner."""

    def side(edge: tuple[Corner, Corner], point: Corner) -> float:
        (x, y), (to_x, to_y) = edge
        return (to_x - x) * (point[1] - y) - (to_y - y) * (point[0] - x)

    return side(one, other[0]) * side(one, other[1]) < 0 and side(other, one[0]) * side(other, one[1]) < 0


def corners_from(words: str) -> tuple[Corner, ...]:
    """ "52.1 0.2, 52.2 0.3, …" as it is typed.

    Raises Refused.
    """
    try:
        pairs = [tuple(float(part) for part in pair.split()) for pair in words.replace(";", ",").split(",") if pair]
        return tuple((lat, lon) for lat, lon in pairs)
    except ValueError:
        raise Refused("Write corners as latitude and longitude, parted by commas: 52.1 0.2, 52.2 0.3 …") from None
