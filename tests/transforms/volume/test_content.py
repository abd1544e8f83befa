"""Content: what counts is returned, what has no meaning is refused with a code."""

from __future__ import annotations

import pytest
import torch

from monai_app.core.errors import InputRejected
from monai_app.transforms.volume.content import check_content


def test_valid_values_are_returned_and_the_rest_has_no_say() -> None:
    image, valid = torch.tensor([1.0, 2.0, float("nan")]), torch.tensor([True, True, False])
    assert check_content(image, valid).tolist() == [1, 2]
    with pytest.raises(InputRejected, match="NOT_FINITE"):
        check_content(image)


@pytest.mark.parametrize("values", [[], [3.0, 3.0]])
def test_nothing_to_see_is_refused(values: list[float]) -> None:
    with pytest.raises(InputRejected, match="NO_CONTENT"):
        check_content(torch.tensor(values))
