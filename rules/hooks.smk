# Around a run: what earlier ones left behind, and what is still to be said when a job has failed.
import json
import subprocess
from contextlib import ExitStack

from scoreladder import claims, files, live, orphans, resume, status
from scoreladder.errors import JobFailed

NOTICES = claims.NOTICES
# what this run holds until its end
RUN = ExitStack()


def say(line):
    print(line, file=sys.stderr, flush=True)


def experiments_to_run():
    """The experiments that this run has jobs of; the page over all of them has its own."""
    jobs = workflow.dag.needrun_jobs()
    return sorted({getattr(job.wildcards, "experiment", "all") for job in jobs if job.output})


def name_in_slurm():
    """The name that SLURM's jobs of this run have; None where it runs on this machine."""
    # the plugin makes it up, and has no public way to ask for it
    executor = getattr(workflow.scheduler, "_executor", None)
    return getattr(executor, "run_uuid", None)


def how_to_watch(running):
    """The command that shows these experiments; without a name it shows those in config.yaml."""
    names, default = [name for name in running if name != "all"], written["experiments"]
    listed = set(names) <= ({default} if isinstance(default, str) else set(default))
    return "make watch" if listed else f"make watch EXPERIMENTS={','.join(names)}"


def begin():
    """Deal with what killed runs left in SLURM's queue; from then on only this run may write."""
    running = experiments_to_run()
    try:
        # for as long as this process lives
        RUN.enter_context(claims.alone(NOTICES, running))
        orphans.settle(orphans.names_left(NOTICES, running), config["orphans"], say)
    except JobFailed as error:
        sys.exit(f"Error: {error}")
    planned = [str(job.output.manifest) for job in workflow.dag.needrun_jobs() if job.output]
    claims.begin_run(NOTICES, running, {"jobs": name_in_slurm(), **status.run_facts(planned)})
    if planned and sys.stderr.isatty():
        say(f"To see how far each job is, in another terminal: {how_to_watch(running)}")


def reason(job, failed):
    """Why a job that was to run has no result: what the log of the failed one says at its end."""
    waiting, seen = [job], set()
    while waiting:
        each = waiting.pop()
        if each in failed:
            return f"{last_words(each)} ({each.log[0]})"
        seen.add(each)
        waiting += [before for before in workflow.dag.dependencies[each] if before not in seen]
    return "was not run"


def last_words(job):
    """The last line of a failed job's log."""
    log = Path(job.log[0])
    lines = log.read_text().splitlines() if log.is_file() else []
    said = next((line for line in reversed(lines) if line.strip()), "ended without a word")
    return f"{job.rule.name}: {said}"


def failed_jobs():
    """The jobs that were given up, each for itself where they were of a group."""
    found, noticed = set(), {each["result"] for each in live.read_all(NOTICES)}
    for each in workflow.scheduler.failed:
        members = getattr(each, "jobs", [each])
        # a group fails as a whole; those of its jobs that failed have said so
        found.update([job for job in members if job.output.manifest in noticed] or members)
    return found


def say_what_failed(failed):
    """A line for each job that was given up: Snakemake's own words depend on --quiet."""
    for line in sorted({reason(job, failed) for job in failed}):
        say(f"Failed: {line}")


def report_what_finished(failed):
    """Make the reports of a run in which jobs failed from what did not, and say what is missing."""
    unfinished = [job for job in workflow.dag.needrun_jobs() if job.output]
    targets = [str(job.output[0]) for job in unfinished if job.rule.name == "write_report"]
    whole = [str(job.output[0]) for job in unfinished if job.rule.name == "write_index"]
    # after Ctrl-C jobs are still counted as running
    if not failed or not targets or workflow.scheduler.running:
        return
    missing = {str(path): reason(job, failed) for job in unfinished for path in job.output}
    files.write_json(NOTICES / "missing.json", missing)
    say("Some jobs failed; making the report from what finished.")
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile")]
    command += ["--cores", "2", "--nolock", "--no-hooks", "--quiet", "all"]
    command += ["--config", *(f"{key}={json.dumps(value)}" for key, value in config.items())]
    environment = os.environ | {incomplete.MISSING: str(NOTICES / "missing.json")}
    done = subprocess.run([*command, "--", *(whole or targets)], env=environment)
    say(
        f"The report, incomplete: {' '.join(whole or targets)}"
        if done.returncode == 0
        else "No report can be made from what finished."
    )


def tidy():
    """Forget what jobs could have gone on from, now that their results are recorded."""
    for job in workflow.dag.jobs:
        if workflow.dag.finished(job) or not workflow.dag.needrun(job):
            for path in job.output:
                resume.forget(path)


onstart:
    begin()


onsuccess:
    tidy()
    claims.end_run(NOTICES, experiments_to_run())


onerror:
    tidy()
    say_what_failed(failed_jobs())
    report_what_finished(failed_jobs())
