"""What can be asked for here, before anything is asked for."""

import attrs

from application.ports.video_model import VideoModel
from domain.limits import Limits
from domain.offers import Offers, offers


@attrs.frozen
class ListOffers:
    """`limits` are those that GenerateVideo refuses by."""

    model: VideoModel
    limits: Limits

    def __call__(self) -> Offers:
        """What `model` can do within `limits`. Loads no weights. Raises what `VideoModel.describe` raises."""
        return offers(self.model.describe(), self.limits)
