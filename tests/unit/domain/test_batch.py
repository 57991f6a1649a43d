"""Several clips in one job: their seeds, their names, where their records lie."""

import pytest

from domain.batch import takes
from domain.errors import InvalidValue
from domain.naming import FileName, is_record_key, record_key
from domain.output import MAX_OUTPUTS, OutputCount
from domain.requests import Prompt, TextToVideo
from domain.sampling import MAX_SEED, Seed

REQUEST = TextToVideo(prompt=Prompt("a dog"), num_outputs=OutputCount(3), file_name=FileName("dog.mp4"))


def test_takes_count_their_seeds_and_names_up_and_are_else_the_request_of_one_clip() -> None:
    made = takes(REQUEST, Seed(7))
    assert [request.seed for request in made] == [Seed(7), Seed(8), Seed(9)]
    assert [request.file_name.name for request in made] == ["dog-1.mp4", "dog-2.mp4", "dog-3.mp4"]
    assert made[1] == TextToVideo(prompt=Prompt("a dog"), seed=Seed(8), file_name=FileName("dog-2.mp4"))


def test_behind_the_largest_seed_comes_the_smallest() -> None:
    assert [request.seed for request in takes(REQUEST, Seed(MAX_SEED))] == [Seed(MAX_SEED), Seed(0), Seed(1)]


@pytest.mark.parametrize("number", [0, -1, MAX_OUTPUTS + 1])
def test_there_are_one_to_eight_takes(number: int) -> None:
    with pytest.raises(InvalidValue, match=f"must be from 1 to 8, got {number}"):
        OutputCount(number)


@pytest.mark.parametrize(("number", "length"), [(1, 118), (16, 117)])
def test_a_long_name_is_cut_before_its_number(number: int, length: int) -> None:
    name = FileName("x" * 120 + ".mp4").numbered(number)
    assert name.name == "x" * length + f"-{number}.mp4"
    assert len(name.name) == 124


def test_no_two_numbers_give_one_name() -> None:
    stems = ("a", "a-1", "a-11", "a-1-11", "x" * 120, "x" * 119 + "1")
    names = [FileName(f"{stem}.mp4").numbered(number).name for number in range(1, 17) for stem in stems]
    of_one = [{name for place, name in enumerate(names) if place // len(stems) == item} for item in range(16)]
    assert len(set().union(*of_one)) == sum(map(len, of_one))


def test_records_of_several_clips_lie_where_no_other_jobs_record_or_folder_does() -> None:
    assert record_key("p", "job", 3) == "p/_jobs/job.items/3.json"
    assert is_record_key("p", record_key("p", "job", 3))
    ids = ("job", "job.json", "job.items", "job.items.json", "1")
    files = {record_key("p", job_id, number) for job_id in ids for number in (None, 1)}
    assert len(files) == 2 * len(ids)
    assert files.isdisjoint(file.rpartition("/")[0] for file in files)
