"""GET /api/print-queue/{id}/history"""

from datetime import timedelta

from printqueue.models import Sample, Who
from tests.factories import NOW, Client, make_job, make_printer, make_staff


def history(caller, job):
    response = caller.get(f"print-queue/{job.pk}/history")
    assert response.status_code == 200, response.content
    return response.json()


def test_a_job_that_never_printed_has_its_beginning_alone(caller):
    body = history(caller, make_job())

    assert (body["success"], body["runs"], body["samples"]) == (True, [], [])
    assert [step["newState"] for step in body["transitions"]] == ["ready"]


def test_a_print_is_told_from_start_to_end(caller):
    job = make_job()
    for percent in (10, 45.3, 100):
        caller.put(f"print-queue/{job.pk}/progress", {"progress": percent, "layer": int(percent)})

    body = history(caller, job)

    [run] = body["runs"]
    assert (run["state"], run["progress"], run["matchReason"]) == ("completed", 100.0, "named in the call")
    assert [point["progress"] for point in body["samples"]] == [10.0, 45.3, 100.0]
    assert {point["runId"] for point in body["samples"]} == {run["id"]}
    of_the_job = [step for step in body["transitions"] if step["runId"] is None]
    assert [step["newState"] for step in of_the_job] == ["ready", "printing", "completed"]
    assert of_the_job[-1]["by"] == "Test client"


def test_a_second_print_is_another_run(caller):
    job = make_job(copies=2)
    for percent in (100, 20, 100):
        caller.put(f"print-queue/{job.pk}/progress", {"progress": percent})

    body = history(caller, job)

    assert [run["runKey"] for run in body["runs"]] == [f"put:{job.pk}:1", f"put:{job.pk}:2"]


def test_a_long_print_is_thinned_and_keeps_its_extremes(caller):
    job = make_job()
    caller.put(f"print-queue/{job.pk}/progress", {"progress": 1})
    run = job.runs.get()
    run.samples.all().delete()
    Sample.objects.bulk_create(
        Sample(
            run=run,
            number=n + 1,
            at=NOW + timedelta(seconds=5 * n),
            state="printing",
            progress=n / 50,
            nozzle_c=300 if n == 2345 else 220,
        )
        for n in range(5000)
    )

    points = history(caller, job)["samples"]

    assert 500 < len(points) <= 1000
    assert max(point["nozzleC"] or 0 for point in points) == 300
    assert [point["at"] for point in points] == sorted(point["at"] for point in points)


def test_a_print_of_another_job_takes_its_samples_there(caller):
    wrong, right = make_job(print_file_name="a.gcode"), make_job()
    client, mia = Client(make_printer()), make_staff(username="mia")
    run = client.says("printing", run_key="1@0", file_name="a.gcode", progress=10).run
    assert run is not None
    client.says("printing", run_key="1@0", progress=45.3)
    assert [point["progress"] for point in history(caller, wrong)["samples"]] == [10, 45.3]

    right.link(run, by=Who(user=mia), now=client.now)
    client.says("printing", run_key="1@0", progress=50)

    assert (history(caller, wrong)["runs"], history(caller, wrong)["samples"]) == ([], [])
    body = history(caller, right)
    assert [point["progress"] for point in body["samples"]] == [10, 45.3, 50]
    assert [run["matchReason"] for run in body["runs"]] == ["linked by mia at 15:06"]


def test_a_print_that_was_linked_by_mistake_takes_its_samples_back(caller):
    job = make_job(print_file_name="a.gcode")
    client = Client(make_printer())
    run = client.says("printing", run_key="1@0", file_name="a.gcode", progress=10).run
    assert run is not None

    job.unlink(run, by=Who(), now=client.now)

    assert history(caller, job)["samples"] == []
    assert Sample.objects.get().run == run
