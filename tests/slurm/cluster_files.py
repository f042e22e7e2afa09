"""The files of the tests' cluster; in braces stand its folder, user, host and ports."""

# one GPU a node: SLURM counts and hands out the device, whatever it is
GRES = "NodeName=n[1-2] Name=gpu File=/dev/null"
SLURM = """\
ClusterName=tests
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={port}
SlurmUser={user}
SlurmdUser={user}
AuthInfo=socket={folder}/munge/socket,cred_expire=10
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool/%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.%n.pid
SlurmctldLogFile={folder}/log/slurmctld.log
SlurmdLogFile={folder}/log/slurmd.%n.log
# the only tracker that left no process behind at a time limit, without cgroups
ProctrackType=proctrack/pgid
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=1
JobAcctGatherParams=OverMemoryKill
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
DefMemPerCPU=500
GresTypes=gpu
# nodes may promise more than the machine has
SlurmdParameters=config_overrides
ReturnToService=2
SlurmdTimeout=10
SchedulerParameters=sched_interval=1,batch_sched_delay=0,bf_interval=2
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
MinJobAge=86400
KillWait=5
AccountingStorageType=accounting_storage/slurmdbd
AccountingStorageHost=127.0.0.1
AccountingStoragePort={database_daemon}
AccountingStoragePass={folder}/munge/socket
AccountingStorageTRES=gres/gpu
AccountingStoreFlags=job_comment
NodeName=n[1-2] NodeHostname={host} NodeAddr=127.0.0.1 Port={node_1},{node_2} CPUs=8 \
RealMemory=16000 Gres=gpu:1
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP PriorityTier=1
PartitionName=urgent Nodes=ALL MaxTime=INFINITE State=UP PriorityTier=2 PreemptMode=OFF
"""
DATABASE_DAEMON = """\
DbdHost={host}
DbdAddr=127.0.0.1
DbdPort={database_daemon}
SlurmUser={user}
AuthInfo=socket={folder}/munge/socket
LogFile={folder}/log/slurmdbd.log
PidFile={folder}/slurmdbd.pid
StorageType=accounting_storage/mysql
StorageHost=127.0.0.1
StoragePort={database}
StorageUser=slurm
StoragePass=slurm
StorageLoc=slurm
"""
SQL = """\
CREATE DATABASE slurm;
GRANT ALL ON slurm.* TO slurm@'127.0.0.1' IDENTIFIED BY 'slurm';
"""
# the plugin's job step drops SLURM_CONF from the environment before it calls srun
SRUN = """\
#!/bin/sh
SLURM_CONF={folder}/slurm.conf exec {srun} "$@"
"""

FILES = {
    "slurm.conf": SLURM,
    "slurmdbd.conf": DATABASE_DAEMON,
    "gres.conf": GRES,
    "bin/srun": SRUN,
    "log/database.sql": SQL,
}
