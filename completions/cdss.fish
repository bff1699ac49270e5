# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_cdss_global_optspecs
    string join \n profile= region= site= endpoint= cacert= record= record-anonymous o/output= lang= color= q/quiet v/verbose V/version h/help
end

function __fish_cdss_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_cdss_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_cdss_using_subcommand
    set -l cmd (__fish_cdss_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c cdss -n "__fish_cdss_needs_command" -l profile -d 'Profile to use' -r -f
complete -c cdss -n "__fish_cdss_needs_command" -l region -d 'Region: KR, SGN, JPN, KRS, or FKR' -r -f -a "KR\t''
SGN\t''
JPN\t''
KRS\t''
FKR\t''"
complete -c cdss -n "__fish_cdss_needs_command" -l site -d 'Site: public (민간), gov (공공), or fin (금융)' -r -f -a "public\t''
gov\t''
fin\t''"
complete -c cdss -n "__fish_cdss_needs_command" -l endpoint -d 'Service endpoint to use instead of the site\'s' -r -f
complete -c cdss -n "__fish_cdss_needs_command" -l cacert -d 'Additional CA certificates (PEM)' -r -F
complete -c cdss -n "__fish_cdss_needs_command" -l record -d 'Record requests and responses in a file, without secrets' -r -F
complete -c cdss -n "__fish_cdss_needs_command" -s o -l output -d 'Output format: table, json, or markdown' -r -f -a "table\t''
json\t''
markdown\t''"
complete -c cdss -n "__fish_cdss_needs_command" -l lang -d 'Language of warnings, confirmations, and verdicts: en or ko' -r -f -a "en\t''
ko\t''"
complete -c cdss -n "__fish_cdss_needs_command" -l color -d 'When to use colors: auto, always, or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c cdss -n "__fish_cdss_needs_command" -l record-anonymous -d 'Replace names and numbers in the recording'
complete -c cdss -n "__fish_cdss_needs_command" -s q -l quiet -d 'Hide progress and notes (plans, errors, and hints are still shown)'
complete -c cdss -n "__fish_cdss_needs_command" -s v -l verbose -d 'Show settings; -vv adds requests, -vvv adds responses'
complete -c cdss -n "__fish_cdss_needs_command" -s V -l version -d 'Print the version of cdss'
complete -c cdss -n "__fish_cdss_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c cdss -n "__fish_cdss_needs_command" -f -a "upgrade" -d 'Start a rolling upgrade and wait for it to finish'
complete -c cdss -n "__fish_cdss_needs_command" -f -a "check" -d 'Check whether an upgrade is possible and show what would change'
complete -c cdss -n "__fish_cdss_needs_command" -f -a "status" -d 'Show cluster status, or watch until the change finishes'
complete -c cdss -n "__fish_cdss_needs_command" -f -a "list" -d 'List clusters, versions, and config groups'
complete -c cdss -n "__fish_cdss_needs_command" -f -a "config-group" -d 'List, show, compare, and copy config groups'
complete -c cdss -n "__fish_cdss_needs_command" -f -a "config" -d 'Manage profiles and API keys (not Kafka settings)'
complete -c cdss -n "__fish_cdss_needs_command" -f -a "history" -d 'Show upgrades and config group copies run on this machine'
complete -c cdss -n "__fish_cdss_needs_command" -f -a "sandbox" -d 'Run commands against a local CDSS simulator'
complete -c cdss -n "__fish_cdss_needs_command" -f -a "completions" -d 'Print a shell completion script'
complete -c cdss -n "__fish_cdss_needs_command" -f -a "help" -d 'Show help for a command, topic, or check'
complete -c cdss -n "__fish_cdss_needs_command" -f -a "man" -d 'Print or write manual pages'
complete -c cdss -n "__fish_cdss_using_subcommand upgrade" -l cluster -d 'Cluster name or number' -r -f
complete -c cdss -n "__fish_cdss_using_subcommand upgrade" -l version -d 'Target Kafka version, such as 3.9.0' -r -f
complete -c cdss -n "__fish_cdss_using_subcommand upgrade" -l config-group -d 'Config group for the target version' -r -f
complete -c cdss -n "__fish_cdss_using_subcommand upgrade" -l accept -d 'Override a blocking check, for example ID=ITEM' -r -f -a "zookeeper.health\t''
version.listed\t''
version.zookeeper\t''
config.lost-override\t''
config.changed\t''
start.unresolved\t''
journal.damaged\t''
data.brokers-present\t''
data.leaderless\t''
data.replication\t''
data.reassignment\t''
data.versions-equal\t''
data.restart-data-loss\t''"
complete -c cdss -n "__fish_cdss_using_subcommand upgrade" -l plan -d 'Start only the plan with this ID (for approvals)' -r -f
complete -c cdss -n "__fish_cdss_using_subcommand upgrade" -l timeout -d 'Stop waiting after this time' -r -f
complete -c cdss -n "__fish_cdss_using_subcommand upgrade" -l poll -d 'Polling interval [default: 15s]' -r -f
complete -c cdss -n "__fish_cdss_using_subcommand upgrade" -l profile -d 'Profile to use' -r -f
complete -c cdss -n "__fish_cdss_using_subcommand upgrade" -l region -d 'Region: KR, SGN, JPN, KRS, or FKR' -r -f -a "KR\t''
SGN\t''
JPN\t''
KRS\t''
FKR\t''"
complete -c cdss -n "__fish_cdss_using_subcommand upgrade" -l site -d 'Site: public (민간), gov (공공), or fin (금융)' -r -f -a "public\t''
gov\t''
fin\t''"
complete -c cdss -n "__fish_cdss_using_subcommand upgrade" -l endpoint -d 'Service endpoint to use instead of the site\'s' -r -f
complete -c cdss -n "__fish_cdss_using_subcommand upgrade" -l cacert -d 'Additional CA certificates (PEM)' -r -F
complete -c cdss -n "__fish_cdss_using_subcommand upgrade" -l record -d 'Record requests and responses in a file, without secrets' -r -F
complete -c cdss -n "__fish_cdss_using_subcommand upgrade" -s o -l output -d 'Output format: table, json, or markdown' -r -f -a "table\t''
json\t''
markdown\t''"
complete -c cdss -n "__fish_cdss_using_subcommand upgrade" -l lang -d 'Language of warnings, confirmations, and verdicts: en or ko' -r -f -a "en\t''
ko\t''"
complete -c cdss -n "__fish_cdss_using_subcommand upgrade" -l color -d 'When to use colors: auto, always, or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c cdss -n "__fish_cdss_using_subcommand upgrade" -s y -l yes -d 'Skip the confirmation prompt'
complete -c cdss -n "__fish_cdss_using_subcommand upgrade" -l require-journal -d 'Refuse to start without a journal (for pipelines)'
complete -c cdss -n "__fish_cdss_using_subcommand upgrade" -s n -l dry-run -d 'Run the checks and print the plan; start nothing'
complete -c cdss -n "__fish_cdss_using_subcommand upgrade" -l wait -d 'Wait until the upgrade finishes (the default)'
complete -c cdss -n "__fish_cdss_using_subcommand upgrade" -l no-wait -d 'Return as soon as the start is accepted'
complete -c cdss -n "__fish_cdss_using_subcommand upgrade" -l record-anonymous -d 'Replace names and numbers in the recording'
complete -c cdss -n "__fish_cdss_using_subcommand upgrade" -s q -l quiet -d 'Hide progress and notes (plans, errors, and hints are still shown)'
complete -c cdss -n "__fish_cdss_using_subcommand upgrade" -s v -l verbose -d 'Show settings; -vv adds requests, -vvv adds responses'
complete -c cdss -n "__fish_cdss_using_subcommand upgrade" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c cdss -n "__fish_cdss_using_subcommand check" -l cluster -d 'Cluster name or number' -r -f
complete -c cdss -n "__fish_cdss_using_subcommand check" -l version -d 'Target version [default: all versions]' -r -f
complete -c cdss -n "__fish_cdss_using_subcommand check" -l config-group -d 'Config group for the target version' -r -f
complete -c cdss -n "__fish_cdss_using_subcommand check" -l accept -d 'Override a blocking check, for example ID=ITEM' -r -f -a "zookeeper.health\t''
version.listed\t''
version.zookeeper\t''
config.lost-override\t''
config.changed\t''
start.unresolved\t''
journal.damaged\t''
data.brokers-present\t''
data.leaderless\t''
data.replication\t''
data.reassignment\t''
data.versions-equal\t''
data.restart-data-loss\t''"
complete -c cdss -n "__fish_cdss_using_subcommand check" -l profile -d 'Profile to use' -r -f
complete -c cdss -n "__fish_cdss_using_subcommand check" -l region -d 'Region: KR, SGN, JPN, KRS, or FKR' -r -f -a "KR\t''
SGN\t''
JPN\t''
KRS\t''
FKR\t''"
complete -c cdss -n "__fish_cdss_using_subcommand check" -l site -d 'Site: public (민간), gov (공공), or fin (금융)' -r -f -a "public\t''
gov\t''
fin\t''"
complete -c cdss -n "__fish_cdss_using_subcommand check" -l endpoint -d 'Service endpoint to use instead of the site\'s' -r -f
complete -c cdss -n "__fish_cdss_using_subcommand check" -l cacert -d 'Additional CA certificates (PEM)' -r -F
complete -c cdss -n "__fish_cdss_using_subcommand check" -l record -d 'Record requests and responses in a file, without secrets' -r -F
complete -c cdss -n "__fish_cdss_using_subcommand check" -s o -l output -d 'Output format: table, json, or markdown' -r -f -a "table\t''
json\t''
markdown\t''"
complete -c cdss -n "__fish_cdss_using_subcommand check" -l lang -d 'Language of warnings, confirmations, and verdicts: en or ko' -r -f -a "en\t''
ko\t''"
complete -c cdss -n "__fish_cdss_using_subcommand check" -l color -d 'When to use colors: auto, always, or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c cdss -n "__fish_cdss_using_subcommand check" -l record-anonymous -d 'Replace names and numbers in the recording'
complete -c cdss -n "__fish_cdss_using_subcommand check" -s q -l quiet -d 'Hide progress and notes (plans, errors, and hints are still shown)'
complete -c cdss -n "__fish_cdss_using_subcommand check" -s v -l verbose -d 'Show settings; -vv adds requests, -vvv adds responses'
complete -c cdss -n "__fish_cdss_using_subcommand check" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c cdss -n "__fish_cdss_using_subcommand status" -l cluster -d 'Cluster name or number' -r -f
complete -c cdss -n "__fish_cdss_using_subcommand status" -l version -d 'Target version of the upgrade' -r -f
complete -c cdss -n "__fish_cdss_using_subcommand status" -l from -d 'Version before the upgrade' -r -f
complete -c cdss -n "__fish_cdss_using_subcommand status" -l timeout -d 'Stop watching after this time' -r -f
complete -c cdss -n "__fish_cdss_using_subcommand status" -l poll -d 'Polling interval [default: 15s]' -r -f
complete -c cdss -n "__fish_cdss_using_subcommand status" -l profile -d 'Profile to use' -r -f
complete -c cdss -n "__fish_cdss_using_subcommand status" -l region -d 'Region: KR, SGN, JPN, KRS, or FKR' -r -f -a "KR\t''
SGN\t''
JPN\t''
KRS\t''
FKR\t''"
complete -c cdss -n "__fish_cdss_using_subcommand status" -l site -d 'Site: public (민간), gov (공공), or fin (금융)' -r -f -a "public\t''
gov\t''
fin\t''"
complete -c cdss -n "__fish_cdss_using_subcommand status" -l endpoint -d 'Service endpoint to use instead of the site\'s' -r -f
complete -c cdss -n "__fish_cdss_using_subcommand status" -l cacert -d 'Additional CA certificates (PEM)' -r -F
complete -c cdss -n "__fish_cdss_using_subcommand status" -l record -d 'Record requests and responses in a file, without secrets' -r -F
complete -c cdss -n "__fish_cdss_using_subcommand status" -s o -l output -d 'Output format: table, json, or markdown' -r -f -a "table\t''
json\t''
markdown\t''"
complete -c cdss -n "__fish_cdss_using_subcommand status" -l lang -d 'Language of warnings, confirmations, and verdicts: en or ko' -r -f -a "en\t''
ko\t''"
complete -c cdss -n "__fish_cdss_using_subcommand status" -l color -d 'When to use colors: auto, always, or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c cdss -n "__fish_cdss_using_subcommand status" -l watch -d 'Watch until the change finishes'
complete -c cdss -n "__fish_cdss_using_subcommand status" -l record-anonymous -d 'Replace names and numbers in the recording'
complete -c cdss -n "__fish_cdss_using_subcommand status" -s q -l quiet -d 'Hide progress and notes (plans, errors, and hints are still shown)'
complete -c cdss -n "__fish_cdss_using_subcommand status" -s v -l verbose -d 'Show settings; -vv adds requests, -vvv adds responses'
complete -c cdss -n "__fish_cdss_using_subcommand status" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c cdss -n "__fish_cdss_using_subcommand list; and not __fish_seen_subcommand_from clusters versions config-groups" -l profile -d 'Profile to use' -r -f
complete -c cdss -n "__fish_cdss_using_subcommand list; and not __fish_seen_subcommand_from clusters versions config-groups" -l region -d 'Region: KR, SGN, JPN, KRS, or FKR' -r -f -a "KR\t''
SGN\t''
JPN\t''
KRS\t''
FKR\t''"
complete -c cdss -n "__fish_cdss_using_subcommand list; and not __fish_seen_subcommand_from clusters versions config-groups" -l site -d 'Site: public (민간), gov (공공), or fin (금융)' -r -f -a "public\t''
gov\t''
fin\t''"
complete -c cdss -n "__fish_cdss_using_subcommand list; and not __fish_seen_subcommand_from clusters versions config-groups" -l endpoint -d 'Service endpoint to use instead of the site\'s' -r -f
complete -c cdss -n "__fish_cdss_using_subcommand list; and not __fish_seen_subcommand_from clusters versions config-groups" -l cacert -d 'Additional CA certificates (PEM)' -r -F
complete -c cdss -n "__fish_cdss_using_subcommand list; and not __fish_seen_subcommand_from clusters versions config-groups" -l record -d 'Record requests and responses in a file, without secrets' -r -F
complete -c cdss -n "__fish_cdss_using_subcommand list; and not __fish_seen_subcommand_from clusters versions config-groups" -s o -l output -d 'Output format: table, json, or markdown' -r -f -a "table\t''
json\t''
markdown\t''"
complete -c cdss -n "__fish_cdss_using_subcommand list; and not __fish_seen_subcommand_from clusters versions config-groups" -l lang -d 'Language of warnings, confirmations, and verdicts: en or ko' -r -f -a "en\t''
ko\t''"
complete -c cdss -n "__fish_cdss_using_subcommand list; and not __fish_seen_subcommand_from clusters versions config-groups" -l color -d 'When to use colors: auto, always, or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c cdss -n "__fish_cdss_using_subcommand list; and not __fish_seen_subcommand_from clusters versions config-groups" -l record-anonymous -d 'Replace names and numbers in the recording'
complete -c cdss -n "__fish_cdss_using_subcommand list; and not __fish_seen_subcommand_from clusters versions config-groups" -s q -l quiet -d 'Hide progress and notes (plans, errors, and hints are still shown)'
complete -c cdss -n "__fish_cdss_using_subcommand list; and not __fish_seen_subcommand_from clusters versions config-groups" -s v -l verbose -d 'Show settings; -vv adds requests, -vvv adds responses'
complete -c cdss -n "__fish_cdss_using_subcommand list; and not __fish_seen_subcommand_from clusters versions config-groups" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c cdss -n "__fish_cdss_using_subcommand list; and not __fish_seen_subcommand_from clusters versions config-groups" -f -a "clusters" -d 'List the clusters in the region, including those without access'
complete -c cdss -n "__fish_cdss_using_subcommand list; and not __fish_seen_subcommand_from clusters versions config-groups" -f -a "versions" -d 'List the available Kafka versions'
complete -c cdss -n "__fish_cdss_using_subcommand list; and not __fish_seen_subcommand_from clusters versions config-groups" -f -a "config-groups" -d 'List config groups of all versions or of one version'
complete -c cdss -n "__fish_cdss_using_subcommand list; and __fish_seen_subcommand_from clusters" -l profile -d 'Profile to use' -r -f
complete -c cdss -n "__fish_cdss_using_subcommand list; and __fish_seen_subcommand_from clusters" -l region -d 'Region: KR, SGN, JPN, KRS, or FKR' -r -f -a "KR\t''
SGN\t''
JPN\t''
KRS\t''
FKR\t''"
complete -c cdss -n "__fish_cdss_using_subcommand list; and __fish_seen_subcommand_from clusters" -l site -d 'Site: public (민간), gov (공공), or fin (금융)' -r -f -a "public\t''
gov\t''
fin\t''"
complete -c cdss -n "__fish_cdss_using_subcommand list; and __fish_seen_subcommand_from clusters" -l endpoint -d 'Service endpoint to use instead of the site\'s' -r -f
complete -c cdss -n "__fish_cdss_using_subcommand list; and __fish_seen_subcommand_from clusters" -l cacert -d 'Additional CA certificates (PEM)' -r -F
complete -c cdss -n "__fish_cdss_using_subcommand list; and __fish_seen_subcommand_from clusters" -l record -d 'Record requests and responses in a file, without secrets' -r -F
complete -c cdss -n "__fish_cdss_using_subcommand list; and __fish_seen_subcommand_from clusters" -s o -l output -d 'Output format: table, json, or markdown' -r -f -a "table\t''
json\t''
markdown\t''"
complete -c cdss -n "__fish_cdss_using_subcommand list; and __fish_seen_subcommand_from clusters" -l lang -d 'Language of warnings, confirmations, and verdicts: en or ko' -r -f -a "en\t''
ko\t''"
complete -c cdss -n "__fish_cdss_using_subcommand list; and __fish_seen_subcommand_from clusters" -l color -d 'When to use colors: auto, always, or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c cdss -n "__fish_cdss_using_subcommand list; and __fish_seen_subcommand_from clusters" -l record-anonymous -d 'Replace names and numbers in the recording'
complete -c cdss -n "__fish_cdss_using_subcommand list; and __fish_seen_subcommand_from clusters" -s q -l quiet -d 'Hide progress and notes (plans, errors, and hints are still shown)'
complete -c cdss -n "__fish_cdss_using_subcommand list; and __fish_seen_subcommand_from clusters" -s v -l verbose -d 'Show settings; -vv adds requests, -vvv adds responses'
complete -c cdss -n "__fish_cdss_using_subcommand list; and __fish_seen_subcommand_from clusters" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c cdss -n "__fish_cdss_using_subcommand list; and __fish_seen_subcommand_from versions" -l profile -d 'Profile to use' -r -f
complete -c cdss -n "__fish_cdss_using_subcommand list; and __fish_seen_subcommand_from versions" -l region -d 'Region: KR, SGN, JPN, KRS, or FKR' -r -f -a "KR\t''
SGN\t''
JPN\t''
KRS\t''
FKR\t''"
complete -c cdss -n "__fish_cdss_using_subcommand list; and __fish_seen_subcommand_from versions" -l site -d 'Site: public (민간), gov (공공), or fin (금융)' -r -f -a "public\t''
gov\t''
fin\t''"
complete -c cdss -n "__fish_cdss_using_subcommand list; and __fish_seen_subcommand_from versions" -l endpoint -d 'Service endpoint to use instead of the site\'s' -r -f
complete -c cdss -n "__fish_cdss_using_subcommand list; and __fish_seen_subcommand_from versions" -l cacert -d 'Additional CA certificates (PEM)' -r -F
complete -c cdss -n "__fish_cdss_using_subcommand list; and __fish_seen_subcommand_from versions" -l record -d 'Record requests and responses in a file, without secrets' -r -F
complete -c cdss -n "__fish_cdss_using_subcommand list; and __fish_seen_subcommand_from versions" -s o -l output -d 'Output format: table, json, or markdown' -r -f -a "table\t''
json\t''
markdown\t''"
complete -c cdss -n "__fish_cdss_using_subcommand list; and __fish_seen_subcommand_from versions" -l lang -d 'Language of warnings, confirmations, and verdicts: en or ko' -r -f -a "en\t''
ko\t''"
complete -c cdss -n "__fish_cdss_using_subcommand list; and __fish_seen_subcommand_from versions" -l color -d 'When to use colors: auto, always, or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c cdss -n "__fish_cdss_using_subcommand list; and __fish_seen_subcommand_from versions" -l record-anonymous -d 'Replace names and numbers in the recording'
complete -c cdss -n "__fish_cdss_using_subcommand list; and __fish_seen_subcommand_from versions" -s q -l quiet -d 'Hide progress and notes (plans, errors, and hints are still shown)'
complete -c cdss -n "__fish_cdss_using_subcommand list; and __fish_seen_subcommand_from versions" -s v -l verbose -d 'Show settings; -vv adds requests, -vvv adds responses'
complete -c cdss -n "__fish_cdss_using_subcommand list; and __fish_seen_subcommand_from versions" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c cdss -n "__fish_cdss_using_subcommand list; and __fish_seen_subcommand_from config-groups" -l version -d 'List only groups of this Kafka version' -r -f
complete -c cdss -n "__fish_cdss_using_subcommand list; and __fish_seen_subcommand_from config-groups" -l profile -d 'Profile to use' -r -f
complete -c cdss -n "__fish_cdss_using_subcommand list; and __fish_seen_subcommand_from config-groups" -l region -d 'Region: KR, SGN, JPN, KRS, or FKR' -r -f -a "KR\t''
SGN\t''
JPN\t''
KRS\t''
FKR\t''"
complete -c cdss -n "__fish_cdss_using_subcommand list; and __fish_seen_subcommand_from config-groups" -l site -d 'Site: public (민간), gov (공공), or fin (금융)' -r -f -a "public\t''
gov\t''
fin\t''"
complete -c cdss -n "__fish_cdss_using_subcommand list; and __fish_seen_subcommand_from config-groups" -l endpoint -d 'Service endpoint to use instead of the site\'s' -r -f
complete -c cdss -n "__fish_cdss_using_subcommand list; and __fish_seen_subcommand_from config-groups" -l cacert -d 'Additional CA certificates (PEM)' -r -F
complete -c cdss -n "__fish_cdss_using_subcommand list; and __fish_seen_subcommand_from config-groups" -l record -d 'Record requests and responses in a file, without secrets' -r -F
complete -c cdss -n "__fish_cdss_using_subcommand list; and __fish_seen_subcommand_from config-groups" -s o -l output -d 'Output format: table, json, or markdown' -r -f -a "table\t''
json\t''
markdown\t''"
complete -c cdss -n "__fish_cdss_using_subcommand list; and __fish_seen_subcommand_from config-groups" -l lang -d 'Language of warnings, confirmations, and verdicts: en or ko' -r -f -a "en\t''
ko\t''"
complete -c cdss -n "__fish_cdss_using_subcommand list; and __fish_seen_subcommand_from config-groups" -l color -d 'When to use colors: auto, always, or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c cdss -n "__fish_cdss_using_subcommand list; and __fish_seen_subcommand_from config-groups" -l record-anonymous -d 'Replace names and numbers in the recording'
complete -c cdss -n "__fish_cdss_using_subcommand list; and __fish_seen_subcommand_from config-groups" -s q -l quiet -d 'Hide progress and notes (plans, errors, and hints are still shown)'
complete -c cdss -n "__fish_cdss_using_subcommand list; and __fish_seen_subcommand_from config-groups" -s v -l verbose -d 'Show settings; -vv adds requests, -vvv adds responses'
complete -c cdss -n "__fish_cdss_using_subcommand list; and __fish_seen_subcommand_from config-groups" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c cdss -n "__fish_cdss_using_subcommand config-group; and not __fish_seen_subcommand_from list show diff copy" -l profile -d 'Profile to use' -r -f
complete -c cdss -n "__fish_cdss_using_subcommand config-group; and not __fish_seen_subcommand_from list show diff copy" -l region -d 'Region: KR, SGN, JPN, KRS, or FKR' -r -f -a "KR\t''
SGN\t''
JPN\t''
KRS\t''
FKR\t''"
complete -c cdss -n "__fish_cdss_using_subcommand config-group; and not __fish_seen_subcommand_from list show diff copy" -l site -d 'Site: public (민간), gov (공공), or fin (금융)' -r -f -a "public\t''
gov\t''
fin\t''"
complete -c cdss -n "__fish_cdss_using_subcommand config-group; and not __fish_seen_subcommand_from list show diff copy" -l endpoint -d 'Service endpoint to use instead of the site\'s' -r -f
complete -c cdss -n "__fish_cdss_using_subcommand config-group; and not __fish_seen_subcommand_from list show diff copy" -l cacert -d 'Additional CA certificates (PEM)' -r -F
complete -c cdss -n "__fish_cdss_using_subcommand config-group; and not __fish_seen_subcommand_from list show diff copy" -l record -d 'Record requests and responses in a file, without secrets' -r -F
complete -c cdss -n "__fish_cdss_using_subcommand config-group; and not __fish_seen_subcommand_from list show diff copy" -s o -l output -d 'Output format: table, json, or markdown' -r -f -a "table\t''
json\t''
markdown\t''"
complete -c cdss -n "__fish_cdss_using_subcommand config-group; and not __fish_seen_subcommand_from list show diff copy" -l lang -d 'Language of warnings, confirmations, and verdicts: en or ko' -r -f -a "en\t''
ko\t''"
complete -c cdss -n "__fish_cdss_using_subcommand config-group; and not __fish_seen_subcommand_from list show diff copy" -l color -d 'When to use colors: auto, always, or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c cdss -n "__fish_cdss_using_subcommand config-group; and not __fish_seen_subcommand_from list show diff copy" -l record-anonymous -d 'Replace names and numbers in the recording'
complete -c cdss -n "__fish_cdss_using_subcommand config-group; and not __fish_seen_subcommand_from list show diff copy" -s q -l quiet -d 'Hide progress and notes (plans, errors, and hints are still shown)'
complete -c cdss -n "__fish_cdss_using_subcommand config-group; and not __fish_seen_subcommand_from list show diff copy" -s v -l verbose -d 'Show settings; -vv adds requests, -vvv adds responses'
complete -c cdss -n "__fish_cdss_using_subcommand config-group; and not __fish_seen_subcommand_from list show diff copy" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c cdss -n "__fish_cdss_using_subcommand config-group; and not __fish_seen_subcommand_from list show diff copy" -f -a "list" -d 'List config groups of all versions or of one version'
complete -c cdss -n "__fish_cdss_using_subcommand config-group; and not __fish_seen_subcommand_from list show diff copy" -f -a "show" -d 'Show the settings of a config group and the clusters that use it'
complete -c cdss -n "__fish_cdss_using_subcommand config-group; and not __fish_seen_subcommand_from list show diff copy" -f -a "diff" -d 'Compare two config groups, setting by setting'
complete -c cdss -n "__fish_cdss_using_subcommand config-group; and not __fish_seen_subcommand_from list show diff copy" -f -a "copy" -d 'Copy a config group to another Kafka version'
complete -c cdss -n "__fish_cdss_using_subcommand config-group; and __fish_seen_subcommand_from list" -l version -d 'List only groups of this Kafka version' -r -f
complete -c cdss -n "__fish_cdss_using_subcommand config-group; and __fish_seen_subcommand_from list" -l profile -d 'Profile to use' -r -f
complete -c cdss -n "__fish_cdss_using_subcommand config-group; and __fish_seen_subcommand_from list" -l region -d 'Region: KR, SGN, JPN, KRS, or FKR' -r -f -a "KR\t''
SGN\t''
JPN\t''
KRS\t''
FKR\t''"
complete -c cdss -n "__fish_cdss_using_subcommand config-group; and __fish_seen_subcommand_from list" -l site -d 'Site: public (민간), gov (공공), or fin (금융)' -r -f -a "public\t''
gov\t''
fin\t''"
complete -c cdss -n "__fish_cdss_using_subcommand config-group; and __fish_seen_subcommand_from list" -l endpoint -d 'Service endpoint to use instead of the site\'s' -r -f
complete -c cdss -n "__fish_cdss_using_subcommand config-group; and __fish_seen_subcommand_from list" -l cacert -d 'Additional CA certificates (PEM)' -r -F
complete -c cdss -n "__fish_cdss_using_subcommand config-group; and __fish_seen_subcommand_from list" -l record -d 'Record requests and responses in a file, without secrets' -r -F
complete -c cdss -n "__fish_cdss_using_subcommand config-group; and __fish_seen_subcommand_from list" -s o -l output -d 'Output format: table, json, or markdown' -r -f -a "table\t''
json\t''
markdown\t''"
complete -c cdss -n "__fish_cdss_using_subcommand config-group; and __fish_seen_subcommand_from list" -l lang -d 'Language of warnings, confirmations, and verdicts: en or ko' -r -f -a "en\t''
ko\t''"
complete -c cdss -n "__fish_cdss_using_subcommand config-group; and __fish_seen_subcommand_from list" -l color -d 'When to use colors: auto, always, or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c cdss -n "__fish_cdss_using_subcommand config-group; and __fish_seen_subcommand_from list" -l record-anonymous -d 'Replace names and numbers in the recording'
complete -c cdss -n "__fish_cdss_using_subcommand config-group; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Hide progress and notes (plans, errors, and hints are still shown)'
complete -c cdss -n "__fish_cdss_using_subcommand config-group; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Show settings; -vv adds requests, -vvv adds responses'
complete -c cdss -n "__fish_cdss_using_subcommand config-group; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c cdss -n "__fish_cdss_using_subcommand config-group; and __fish_seen_subcommand_from show" -l profile -d 'Profile to use' -r -f
complete -c cdss -n "__fish_cdss_using_subcommand config-group; and __fish_seen_subcommand_from show" -l region -d 'Region: KR, SGN, JPN, KRS, or FKR' -r -f -a "KR\t''
SGN\t''
JPN\t''
KRS\t''
FKR\t''"
complete -c cdss -n "__fish_cdss_using_subcommand config-group; and __fish_seen_subcommand_from show" -l site -d 'Site: public (민간), gov (공공), or fin (금융)' -r -f -a "public\t''
gov\t''
fin\t''"
complete -c cdss -n "__fish_cdss_using_subcommand config-group; and __fish_seen_subcommand_from show" -l endpoint -d 'Service endpoint to use instead of the site\'s' -r -f
complete -c cdss -n "__fish_cdss_using_subcommand config-group; and __fish_seen_subcommand_from show" -l cacert -d 'Additional CA certificates (PEM)' -r -F
complete -c cdss -n "__fish_cdss_using_subcommand config-group; and __fish_seen_subcommand_from show" -l record -d 'Record requests and responses in a file, without secrets' -r -F
complete -c cdss -n "__fish_cdss_using_subcommand config-group; and __fish_seen_subcommand_from show" -s o -l output -d 'Output format: table, json, or markdown' -r -f -a "table\t''
json\t''
markdown\t''"
complete -c cdss -n "__fish_cdss_using_subcommand config-group; and __fish_seen_subcommand_from show" -l lang -d 'Language of warnings, confirmations, and verdicts: en or ko' -r -f -a "en\t''
ko\t''"
complete -c cdss -n "__fish_cdss_using_subcommand config-group; and __fish_seen_subcommand_from show" -l color -d 'When to use colors: auto, always, or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c cdss -n "__fish_cdss_using_subcommand config-group; and __fish_seen_subcommand_from show" -l record-anonymous -d 'Replace names and numbers in the recording'
complete -c cdss -n "__fish_cdss_using_subcommand config-group; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Hide progress and notes (plans, errors, and hints are still shown)'
complete -c cdss -n "__fish_cdss_using_subcommand config-group; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Show settings; -vv adds requests, -vvv adds responses'
complete -c cdss -n "__fish_cdss_using_subcommand config-group; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c cdss -n "__fish_cdss_using_subcommand config-group; and __fish_seen_subcommand_from diff" -l profile -d 'Profile to use' -r -f
complete -c cdss -n "__fish_cdss_using_subcommand config-group; and __fish_seen_subcommand_from diff" -l region -d 'Region: KR, SGN, JPN, KRS, or FKR' -r -f -a "KR\t''
SGN\t''
JPN\t''
KRS\t''
FKR\t''"
complete -c cdss -n "__fish_cdss_using_subcommand config-group; and __fish_seen_subcommand_from diff" -l site -d 'Site: public (민간), gov (공공), or fin (금융)' -r -f -a "public\t''
gov\t''
fin\t''"
complete -c cdss -n "__fish_cdss_using_subcommand config-group; and __fish_seen_subcommand_from diff" -l endpoint -d 'Service endpoint to use instead of the site\'s' -r -f
complete -c cdss -n "__fish_cdss_using_subcommand config-group; and __fish_seen_subcommand_from diff" -l cacert -d 'Additional CA certificates (PEM)' -r -F
complete -c cdss -n "__fish_cdss_using_subcommand config-group; and __fish_seen_subcommand_from diff" -l record -d 'Record requests and responses in a file, without secrets' -r -F
complete -c cdss -n "__fish_cdss_using_subcommand config-group; and __fish_seen_subcommand_from diff" -s o -l output -d 'Output format: table, json, or markdown' -r -f -a "table\t''
json\t''
markdown\t''"
complete -c cdss -n "__fish_cdss_using_subcommand config-group; and __fish_seen_subcommand_from diff" -l lang -d 'Language of warnings, confirmations, and verdicts: en or ko' -r -f -a "en\t''
ko\t''"
complete -c cdss -n "__fish_cdss_using_subcommand config-group; and __fish_seen_subcommand_from diff" -l color -d 'When to use colors: auto, always, or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c cdss -n "__fish_cdss_using_subcommand config-group; and __fish_seen_subcommand_from diff" -l exit-code -d 'Exit with code 20 if any setting differs'
complete -c cdss -n "__fish_cdss_using_subcommand config-group; and __fish_seen_subcommand_from diff" -l record-anonymous -d 'Replace names and numbers in the recording'
complete -c cdss -n "__fish_cdss_using_subcommand config-group; and __fish_seen_subcommand_from diff" -s q -l quiet -d 'Hide progress and notes (plans, errors, and hints are still shown)'
complete -c cdss -n "__fish_cdss_using_subcommand config-group; and __fish_seen_subcommand_from diff" -s v -l verbose -d 'Show settings; -vv adds requests, -vvv adds responses'
complete -c cdss -n "__fish_cdss_using_subcommand config-group; and __fish_seen_subcommand_from diff" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c cdss -n "__fish_cdss_using_subcommand config-group; and __fish_seen_subcommand_from copy" -l cluster -d 'Copy the config group of this cluster' -r -f
complete -c cdss -n "__fish_cdss_using_subcommand config-group; and __fish_seen_subcommand_from copy" -l version -d 'Kafka version of the new config group, such as 3.9.0' -r -f
complete -c cdss -n "__fish_cdss_using_subcommand config-group; and __fish_seen_subcommand_from copy" -l name -d 'Name of the new group' -r -f
complete -c cdss -n "__fish_cdss_using_subcommand config-group; and __fish_seen_subcommand_from copy" -l profile -d 'Profile to use' -r -f
complete -c cdss -n "__fish_cdss_using_subcommand config-group; and __fish_seen_subcommand_from copy" -l region -d 'Region: KR, SGN, JPN, KRS, or FKR' -r -f -a "KR\t''
SGN\t''
JPN\t''
KRS\t''
FKR\t''"
complete -c cdss -n "__fish_cdss_using_subcommand config-group; and __fish_seen_subcommand_from copy" -l site -d 'Site: public (민간), gov (공공), or fin (금융)' -r -f -a "public\t''
gov\t''
fin\t''"
complete -c cdss -n "__fish_cdss_using_subcommand config-group; and __fish_seen_subcommand_from copy" -l endpoint -d 'Service endpoint to use instead of the site\'s' -r -f
complete -c cdss -n "__fish_cdss_using_subcommand config-group; and __fish_seen_subcommand_from copy" -l cacert -d 'Additional CA certificates (PEM)' -r -F
complete -c cdss -n "__fish_cdss_using_subcommand config-group; and __fish_seen_subcommand_from copy" -l record -d 'Record requests and responses in a file, without secrets' -r -F
complete -c cdss -n "__fish_cdss_using_subcommand config-group; and __fish_seen_subcommand_from copy" -s o -l output -d 'Output format: table, json, or markdown' -r -f -a "table\t''
json\t''
markdown\t''"
complete -c cdss -n "__fish_cdss_using_subcommand config-group; and __fish_seen_subcommand_from copy" -l lang -d 'Language of warnings, confirmations, and verdicts: en or ko' -r -f -a "en\t''
ko\t''"
complete -c cdss -n "__fish_cdss_using_subcommand config-group; and __fish_seen_subcommand_from copy" -l color -d 'When to use colors: auto, always, or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c cdss -n "__fish_cdss_using_subcommand config-group; and __fish_seen_subcommand_from copy" -s n -l dry-run -d 'Show what would be copied and skipped; create nothing'
complete -c cdss -n "__fish_cdss_using_subcommand config-group; and __fish_seen_subcommand_from copy" -s y -l yes -d 'Skip the confirmation prompt'
complete -c cdss -n "__fish_cdss_using_subcommand config-group; and __fish_seen_subcommand_from copy" -l record-anonymous -d 'Replace names and numbers in the recording'
complete -c cdss -n "__fish_cdss_using_subcommand config-group; and __fish_seen_subcommand_from copy" -s q -l quiet -d 'Hide progress and notes (plans, errors, and hints are still shown)'
complete -c cdss -n "__fish_cdss_using_subcommand config-group; and __fish_seen_subcommand_from copy" -s v -l verbose -d 'Show settings; -vv adds requests, -vvv adds responses'
complete -c cdss -n "__fish_cdss_using_subcommand config-group; and __fish_seen_subcommand_from copy" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c cdss -n "__fish_cdss_using_subcommand config; and not __fish_seen_subcommand_from init list show verify set remove" -l profile -d 'Profile to use' -r -f
complete -c cdss -n "__fish_cdss_using_subcommand config; and not __fish_seen_subcommand_from init list show verify set remove" -l region -d 'Region: KR, SGN, JPN, KRS, or FKR' -r -f -a "KR\t''
SGN\t''
JPN\t''
KRS\t''
FKR\t''"
complete -c cdss -n "__fish_cdss_using_subcommand config; and not __fish_seen_subcommand_from init list show verify set remove" -l site -d 'Site: public (민간), gov (공공), or fin (금융)' -r -f -a "public\t''
gov\t''
fin\t''"
complete -c cdss -n "__fish_cdss_using_subcommand config; and not __fish_seen_subcommand_from init list show verify set remove" -l endpoint -d 'Service endpoint to use instead of the site\'s' -r -f
complete -c cdss -n "__fish_cdss_using_subcommand config; and not __fish_seen_subcommand_from init list show verify set remove" -l cacert -d 'Additional CA certificates (PEM)' -r -F
complete -c cdss -n "__fish_cdss_using_subcommand config; and not __fish_seen_subcommand_from init list show verify set remove" -l record -d 'Record requests and responses in a file, without secrets' -r -F
complete -c cdss -n "__fish_cdss_using_subcommand config; and not __fish_seen_subcommand_from init list show verify set remove" -s o -l output -d 'Output format: table, json, or markdown' -r -f -a "table\t''
json\t''
markdown\t''"
complete -c cdss -n "__fish_cdss_using_subcommand config; and not __fish_seen_subcommand_from init list show verify set remove" -l lang -d 'Language of warnings, confirmations, and verdicts: en or ko' -r -f -a "en\t''
ko\t''"
complete -c cdss -n "__fish_cdss_using_subcommand config; and not __fish_seen_subcommand_from init list show verify set remove" -l color -d 'When to use colors: auto, always, or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c cdss -n "__fish_cdss_using_subcommand config; and not __fish_seen_subcommand_from init list show verify set remove" -l record-anonymous -d 'Replace names and numbers in the recording'
complete -c cdss -n "__fish_cdss_using_subcommand config; and not __fish_seen_subcommand_from init list show verify set remove" -s q -l quiet -d 'Hide progress and notes (plans, errors, and hints are still shown)'
complete -c cdss -n "__fish_cdss_using_subcommand config; and not __fish_seen_subcommand_from init list show verify set remove" -s v -l verbose -d 'Show settings; -vv adds requests, -vvv adds responses'
complete -c cdss -n "__fish_cdss_using_subcommand config; and not __fish_seen_subcommand_from init list show verify set remove" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c cdss -n "__fish_cdss_using_subcommand config; and not __fish_seen_subcommand_from init list show verify set remove" -f -a "init" -d 'Create a profile interactively'
complete -c cdss -n "__fish_cdss_using_subcommand config; and not __fish_seen_subcommand_from init list show verify set remove" -f -a "list" -d 'List profiles and their files'
complete -c cdss -n "__fish_cdss_using_subcommand config; and not __fish_seen_subcommand_from init list show verify set remove" -f -a "show" -d 'Show the effective settings and where each comes from'
complete -c cdss -n "__fish_cdss_using_subcommand config; and not __fish_seen_subcommand_from init list show verify set remove" -f -a "verify" -d 'Test connectivity, credentials, and permissions (read-only)'
complete -c cdss -n "__fish_cdss_using_subcommand config; and not __fish_seen_subcommand_from init list show verify set remove" -f -a "set" -d 'Set a value in a profile'
complete -c cdss -n "__fish_cdss_using_subcommand config; and not __fish_seen_subcommand_from init list show verify set remove" -f -a "remove" -d 'Remove a profile or one of its values'
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from init" -l profile -d 'Profile to use' -r -f
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from init" -l region -d 'Region: KR, SGN, JPN, KRS, or FKR' -r -f -a "KR\t''
SGN\t''
JPN\t''
KRS\t''
FKR\t''"
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from init" -l site -d 'Site: public (민간), gov (공공), or fin (금융)' -r -f -a "public\t''
gov\t''
fin\t''"
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from init" -l endpoint -d 'Service endpoint to use instead of the site\'s' -r -f
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from init" -l cacert -d 'Additional CA certificates (PEM)' -r -F
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from init" -l record -d 'Record requests and responses in a file, without secrets' -r -F
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from init" -s o -l output -d 'Output format: table, json, or markdown' -r -f -a "table\t''
json\t''
markdown\t''"
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from init" -l lang -d 'Language of warnings, confirmations, and verdicts: en or ko' -r -f -a "en\t''
ko\t''"
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from init" -l color -d 'When to use colors: auto, always, or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from init" -l record-anonymous -d 'Replace names and numbers in the recording'
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from init" -s q -l quiet -d 'Hide progress and notes (plans, errors, and hints are still shown)'
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from init" -s v -l verbose -d 'Show settings; -vv adds requests, -vvv adds responses'
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from init" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from list" -l profile -d 'Profile to use' -r -f
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from list" -l region -d 'Region: KR, SGN, JPN, KRS, or FKR' -r -f -a "KR\t''
SGN\t''
JPN\t''
KRS\t''
FKR\t''"
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from list" -l site -d 'Site: public (민간), gov (공공), or fin (금융)' -r -f -a "public\t''
gov\t''
fin\t''"
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from list" -l endpoint -d 'Service endpoint to use instead of the site\'s' -r -f
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from list" -l cacert -d 'Additional CA certificates (PEM)' -r -F
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from list" -l record -d 'Record requests and responses in a file, without secrets' -r -F
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from list" -s o -l output -d 'Output format: table, json, or markdown' -r -f -a "table\t''
json\t''
markdown\t''"
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from list" -l lang -d 'Language of warnings, confirmations, and verdicts: en or ko' -r -f -a "en\t''
ko\t''"
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from list" -l color -d 'When to use colors: auto, always, or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from list" -l record-anonymous -d 'Replace names and numbers in the recording'
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Hide progress and notes (plans, errors, and hints are still shown)'
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Show settings; -vv adds requests, -vvv adds responses'
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from show" -l profile -d 'Profile to use' -r -f
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from show" -l region -d 'Region: KR, SGN, JPN, KRS, or FKR' -r -f -a "KR\t''
SGN\t''
JPN\t''
KRS\t''
FKR\t''"
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from show" -l site -d 'Site: public (민간), gov (공공), or fin (금융)' -r -f -a "public\t''
gov\t''
fin\t''"
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from show" -l endpoint -d 'Service endpoint to use instead of the site\'s' -r -f
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from show" -l cacert -d 'Additional CA certificates (PEM)' -r -F
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from show" -l record -d 'Record requests and responses in a file, without secrets' -r -F
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from show" -s o -l output -d 'Output format: table, json, or markdown' -r -f -a "table\t''
json\t''
markdown\t''"
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from show" -l lang -d 'Language of warnings, confirmations, and verdicts: en or ko' -r -f -a "en\t''
ko\t''"
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from show" -l color -d 'When to use colors: auto, always, or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from show" -l record-anonymous -d 'Replace names and numbers in the recording'
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Hide progress and notes (plans, errors, and hints are still shown)'
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Show settings; -vv adds requests, -vvv adds responses'
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from verify" -l profile -d 'Profile to use' -r -f
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from verify" -l region -d 'Region: KR, SGN, JPN, KRS, or FKR' -r -f -a "KR\t''
SGN\t''
JPN\t''
KRS\t''
FKR\t''"
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from verify" -l site -d 'Site: public (민간), gov (공공), or fin (금융)' -r -f -a "public\t''
gov\t''
fin\t''"
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from verify" -l endpoint -d 'Service endpoint to use instead of the site\'s' -r -f
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from verify" -l cacert -d 'Additional CA certificates (PEM)' -r -F
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from verify" -l record -d 'Record requests and responses in a file, without secrets' -r -F
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from verify" -s o -l output -d 'Output format: table, json, or markdown' -r -f -a "table\t''
json\t''
markdown\t''"
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from verify" -l lang -d 'Language of warnings, confirmations, and verdicts: en or ko' -r -f -a "en\t''
ko\t''"
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from verify" -l color -d 'When to use colors: auto, always, or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from verify" -l record-anonymous -d 'Replace names and numbers in the recording'
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from verify" -s q -l quiet -d 'Hide progress and notes (plans, errors, and hints are still shown)'
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from verify" -s v -l verbose -d 'Show settings; -vv adds requests, -vvv adds responses'
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from verify" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from set" -l profile -d 'Profile to use' -r -f
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from set" -l region -d 'Region: KR, SGN, JPN, KRS, or FKR' -r -f -a "KR\t''
SGN\t''
JPN\t''
KRS\t''
FKR\t''"
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from set" -l site -d 'Site: public (민간), gov (공공), or fin (금융)' -r -f -a "public\t''
gov\t''
fin\t''"
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from set" -l endpoint -d 'Service endpoint to use instead of the site\'s' -r -f
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from set" -l cacert -d 'Additional CA certificates (PEM)' -r -F
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from set" -l record -d 'Record requests and responses in a file, without secrets' -r -F
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from set" -s o -l output -d 'Output format: table, json, or markdown' -r -f -a "table\t''
json\t''
markdown\t''"
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from set" -l lang -d 'Language of warnings, confirmations, and verdicts: en or ko' -r -f -a "en\t''
ko\t''"
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from set" -l color -d 'When to use colors: auto, always, or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from set" -l stdin -d 'Read the value from standard input'
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from set" -l record-anonymous -d 'Replace names and numbers in the recording'
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from set" -s q -l quiet -d 'Hide progress and notes (plans, errors, and hints are still shown)'
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from set" -s v -l verbose -d 'Show settings; -vv adds requests, -vvv adds responses'
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from set" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from remove" -l profile -d 'Profile to use' -r -f
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from remove" -l region -d 'Region: KR, SGN, JPN, KRS, or FKR' -r -f -a "KR\t''
SGN\t''
JPN\t''
KRS\t''
FKR\t''"
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from remove" -l site -d 'Site: public (민간), gov (공공), or fin (금융)' -r -f -a "public\t''
gov\t''
fin\t''"
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from remove" -l endpoint -d 'Service endpoint to use instead of the site\'s' -r -f
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from remove" -l cacert -d 'Additional CA certificates (PEM)' -r -F
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from remove" -l record -d 'Record requests and responses in a file, without secrets' -r -F
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from remove" -s o -l output -d 'Output format: table, json, or markdown' -r -f -a "table\t''
json\t''
markdown\t''"
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from remove" -l lang -d 'Language of warnings, confirmations, and verdicts: en or ko' -r -f -a "en\t''
ko\t''"
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from remove" -l color -d 'When to use colors: auto, always, or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from remove" -s y -l yes -d 'Skip the confirmation prompt'
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from remove" -l record-anonymous -d 'Replace names and numbers in the recording'
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from remove" -s q -l quiet -d 'Hide progress and notes (plans, errors, and hints are still shown)'
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from remove" -s v -l verbose -d 'Show settings; -vv adds requests, -vvv adds responses'
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from remove" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c cdss -n "__fish_cdss_using_subcommand history" -l profile -d 'Profile to use' -r -f
complete -c cdss -n "__fish_cdss_using_subcommand history" -l region -d 'Region: KR, SGN, JPN, KRS, or FKR' -r -f -a "KR\t''
SGN\t''
JPN\t''
KRS\t''
FKR\t''"
complete -c cdss -n "__fish_cdss_using_subcommand history" -l site -d 'Site: public (민간), gov (공공), or fin (금융)' -r -f -a "public\t''
gov\t''
fin\t''"
complete -c cdss -n "__fish_cdss_using_subcommand history" -l endpoint -d 'Service endpoint to use instead of the site\'s' -r -f
complete -c cdss -n "__fish_cdss_using_subcommand history" -l cacert -d 'Additional CA certificates (PEM)' -r -F
complete -c cdss -n "__fish_cdss_using_subcommand history" -l record -d 'Record requests and responses in a file, without secrets' -r -F
complete -c cdss -n "__fish_cdss_using_subcommand history" -s o -l output -d 'Output format: table, json, or markdown' -r -f -a "table\t''
json\t''
markdown\t''"
complete -c cdss -n "__fish_cdss_using_subcommand history" -l lang -d 'Language of warnings, confirmations, and verdicts: en or ko' -r -f -a "en\t''
ko\t''"
complete -c cdss -n "__fish_cdss_using_subcommand history" -l color -d 'When to use colors: auto, always, or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c cdss -n "__fish_cdss_using_subcommand history" -l repair -d 'List damaged journal lines and stop them from blocking upgrades'
complete -c cdss -n "__fish_cdss_using_subcommand history" -l init -d 'Create an empty journal if there is none'
complete -c cdss -n "__fish_cdss_using_subcommand history" -l record-anonymous -d 'Replace names and numbers in the recording'
complete -c cdss -n "__fish_cdss_using_subcommand history" -s q -l quiet -d 'Hide progress and notes (plans, errors, and hints are still shown)'
complete -c cdss -n "__fish_cdss_using_subcommand history" -s v -l verbose -d 'Show settings; -vv adds requests, -vvv adds responses'
complete -c cdss -n "__fish_cdss_using_subcommand history" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c cdss -n "__fish_cdss_using_subcommand sandbox" -l scenario -d 'Behavior to simulate' -r -f -a "healthy\t''
flapping\t''
late-version\t''
early-version\t''
slow\t''
throttled\t''
answer-lost\t''
answer-504\t''
refused-but-started\t''
no-progress\t''
group-answer-lost\t''
group-lost\t''
group-drops-value\t''
no-permission\t''
wrong-signature\t''
skewed-clock\t''
precheck-refused\t''
precheck-refused-http\t''
start-refused\t''
ends-on-old-version\t''
ends-in-error\t''
stalled\t''
broker-red\t''
never-starts\t''
answer-lost-not-started\t''
busy\t''
server-error\t''"
complete -c cdss -n "__fish_cdss_using_subcommand sandbox" -l cluster -d 'Add a cluster, such as orders=3.7.1,5' -r -f
complete -c cdss -n "__fish_cdss_using_subcommand sandbox" -l replay -d 'Serve the responses of a recording instead' -r -F
complete -c cdss -n "__fish_cdss_using_subcommand sandbox" -l clock -d 'Pace of --replay: real or fast' -r -f -a "real\t'As in the recording'
fast\t'Without pauses'"
complete -c cdss -n "__fish_cdss_using_subcommand sandbox" -l compare -d 'Compare a recording with the assumptions of the sandbox' -r -F
complete -c cdss -n "__fish_cdss_using_subcommand sandbox" -l scale -d 'Add this many clusters and config groups, such as 10000,40,3' -r -f
complete -c cdss -n "__fish_cdss_using_subcommand sandbox" -l port -d 'Local port [default: any free port]' -r -f
complete -c cdss -n "__fish_cdss_using_subcommand sandbox" -l profile -d 'Profile to use' -r -f
complete -c cdss -n "__fish_cdss_using_subcommand sandbox" -l region -d 'Region: KR, SGN, JPN, KRS, or FKR' -r -f -a "KR\t''
SGN\t''
JPN\t''
KRS\t''
FKR\t''"
complete -c cdss -n "__fish_cdss_using_subcommand sandbox" -l site -d 'Site: public (민간), gov (공공), or fin (금융)' -r -f -a "public\t''
gov\t''
fin\t''"
complete -c cdss -n "__fish_cdss_using_subcommand sandbox" -l endpoint -d 'Service endpoint to use instead of the site\'s' -r -f
complete -c cdss -n "__fish_cdss_using_subcommand sandbox" -l cacert -d 'Additional CA certificates (PEM)' -r -F
complete -c cdss -n "__fish_cdss_using_subcommand sandbox" -l record -d 'Record requests and responses in a file, without secrets' -r -F
complete -c cdss -n "__fish_cdss_using_subcommand sandbox" -s o -l output -d 'Output format: table, json, or markdown' -r -f -a "table\t''
json\t''
markdown\t''"
complete -c cdss -n "__fish_cdss_using_subcommand sandbox" -l lang -d 'Language of warnings, confirmations, and verdicts: en or ko' -r -f -a "en\t''
ko\t''"
complete -c cdss -n "__fish_cdss_using_subcommand sandbox" -l color -d 'When to use colors: auto, always, or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c cdss -n "__fish_cdss_using_subcommand sandbox" -l list -d 'List the scenarios and their exit codes'
complete -c cdss -n "__fish_cdss_using_subcommand sandbox" -l record-anonymous -d 'Replace names and numbers in the recording'
complete -c cdss -n "__fish_cdss_using_subcommand sandbox" -s q -l quiet -d 'Hide progress and notes (plans, errors, and hints are still shown)'
complete -c cdss -n "__fish_cdss_using_subcommand sandbox" -s v -l verbose -d 'Show settings; -vv adds requests, -vvv adds responses'
complete -c cdss -n "__fish_cdss_using_subcommand sandbox" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c cdss -n "__fish_cdss_using_subcommand completions" -l profile -d 'Profile to use' -r -f
complete -c cdss -n "__fish_cdss_using_subcommand completions" -l region -d 'Region: KR, SGN, JPN, KRS, or FKR' -r -f -a "KR\t''
SGN\t''
JPN\t''
KRS\t''
FKR\t''"
complete -c cdss -n "__fish_cdss_using_subcommand completions" -l site -d 'Site: public (민간), gov (공공), or fin (금융)' -r -f -a "public\t''
gov\t''
fin\t''"
complete -c cdss -n "__fish_cdss_using_subcommand completions" -l endpoint -d 'Service endpoint to use instead of the site\'s' -r -f
complete -c cdss -n "__fish_cdss_using_subcommand completions" -l cacert -d 'Additional CA certificates (PEM)' -r -F
complete -c cdss -n "__fish_cdss_using_subcommand completions" -l record -d 'Record requests and responses in a file, without secrets' -r -F
complete -c cdss -n "__fish_cdss_using_subcommand completions" -s o -l output -d 'Output format: table, json, or markdown' -r -f -a "table\t''
json\t''
markdown\t''"
complete -c cdss -n "__fish_cdss_using_subcommand completions" -l lang -d 'Language of warnings, confirmations, and verdicts: en or ko' -r -f -a "en\t''
ko\t''"
complete -c cdss -n "__fish_cdss_using_subcommand completions" -l color -d 'When to use colors: auto, always, or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c cdss -n "__fish_cdss_using_subcommand completions" -l record-anonymous -d 'Replace names and numbers in the recording'
complete -c cdss -n "__fish_cdss_using_subcommand completions" -s q -l quiet -d 'Hide progress and notes (plans, errors, and hints are still shown)'
complete -c cdss -n "__fish_cdss_using_subcommand completions" -s v -l verbose -d 'Show settings; -vv adds requests, -vvv adds responses'
complete -c cdss -n "__fish_cdss_using_subcommand completions" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c cdss -n "__fish_cdss_using_subcommand help" -l profile -d 'Profile to use' -r -f
complete -c cdss -n "__fish_cdss_using_subcommand help" -l region -d 'Region: KR, SGN, JPN, KRS, or FKR' -r -f -a "KR\t''
SGN\t''
JPN\t''
KRS\t''
FKR\t''"
complete -c cdss -n "__fish_cdss_using_subcommand help" -l site -d 'Site: public (민간), gov (공공), or fin (금융)' -r -f -a "public\t''
gov\t''
fin\t''"
complete -c cdss -n "__fish_cdss_using_subcommand help" -l endpoint -d 'Service endpoint to use instead of the site\'s' -r -f
complete -c cdss -n "__fish_cdss_using_subcommand help" -l cacert -d 'Additional CA certificates (PEM)' -r -F
complete -c cdss -n "__fish_cdss_using_subcommand help" -l record -d 'Record requests and responses in a file, without secrets' -r -F
complete -c cdss -n "__fish_cdss_using_subcommand help" -s o -l output -d 'Output format: table, json, or markdown' -r -f -a "table\t''
json\t''
markdown\t''"
complete -c cdss -n "__fish_cdss_using_subcommand help" -l lang -d 'Language of warnings, confirmations, and verdicts: en or ko' -r -f -a "en\t''
ko\t''"
complete -c cdss -n "__fish_cdss_using_subcommand help" -l color -d 'When to use colors: auto, always, or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c cdss -n "__fish_cdss_using_subcommand help" -l record-anonymous -d 'Replace names and numbers in the recording'
complete -c cdss -n "__fish_cdss_using_subcommand help" -s q -l quiet -d 'Hide progress and notes (plans, errors, and hints are still shown)'
complete -c cdss -n "__fish_cdss_using_subcommand help" -s v -l verbose -d 'Show settings; -vv adds requests, -vvv adds responses'
complete -c cdss -n "__fish_cdss_using_subcommand help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c cdss -n "__fish_cdss_using_subcommand man" -l dir -d 'Write all pages to this directory' -r -f -a "(__fish_complete_directories)"
complete -c cdss -n "__fish_cdss_using_subcommand man" -l profile -d 'Profile to use' -r -f
complete -c cdss -n "__fish_cdss_using_subcommand man" -l region -d 'Region: KR, SGN, JPN, KRS, or FKR' -r -f -a "KR\t''
SGN\t''
JPN\t''
KRS\t''
FKR\t''"
complete -c cdss -n "__fish_cdss_using_subcommand man" -l site -d 'Site: public (민간), gov (공공), or fin (금융)' -r -f -a "public\t''
gov\t''
fin\t''"
complete -c cdss -n "__fish_cdss_using_subcommand man" -l endpoint -d 'Service endpoint to use instead of the site\'s' -r -f
complete -c cdss -n "__fish_cdss_using_subcommand man" -l cacert -d 'Additional CA certificates (PEM)' -r -F
complete -c cdss -n "__fish_cdss_using_subcommand man" -l record -d 'Record requests and responses in a file, without secrets' -r -F
complete -c cdss -n "__fish_cdss_using_subcommand man" -s o -l output -d 'Output format: table, json, or markdown' -r -f -a "table\t''
json\t''
markdown\t''"
complete -c cdss -n "__fish_cdss_using_subcommand man" -l lang -d 'Language of warnings, confirmations, and verdicts: en or ko' -r -f -a "en\t''
ko\t''"
complete -c cdss -n "__fish_cdss_using_subcommand man" -l color -d 'When to use colors: auto, always, or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c cdss -n "__fish_cdss_using_subcommand man" -l record-anonymous -d 'Replace names and numbers in the recording'
complete -c cdss -n "__fish_cdss_using_subcommand man" -s q -l quiet -d 'Hide progress and notes (plans, errors, and hints are still shown)'
complete -c cdss -n "__fish_cdss_using_subcommand man" -s v -l verbose -d 'Show settings; -vv adds requests, -vvv adds responses'
complete -c cdss -n "__fish_cdss_using_subcommand man" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c cdss -f
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from set" -a "access_key secret_key credential_process site region endpoint cacert proxy output poll record"
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from remove" -a "access_key secret_key credential_process site region endpoint cacert proxy output poll record"
complete -c cdss -n "__fish_cdss_using_subcommand sandbox" -F
complete -c cdss -n "__fish_cdss_using_subcommand completions" -a "bash elvish fish powershell zsh"
complete -c cdss -n "__fish_cdss_using_subcommand help" -a "upgrade check status list config-group config history sandbox completions man help checks outcomes exit-codes credentials environment files config-groups pipelines network service first-run cluster.identity cluster.state brokers.health zookeeper.health version.order version.listed version.zookeeper config.version config.no-group config.several-groups config.other-group config.lost-override config.changed config.out-of-range config.read-only config.removed-key config.changed-default config.unknown-setting service.precheck start.unresolved plan.stale journal.writable journal.damaged journal.missing data.reachable data.brokers-present data.leaderless data.replication data.reassignment data.versions-equal data.restart-offline data.restart-write-blocked data.restart-data-loss name.resolution proxy connection tls clock service.answer key.accepted key.permission region versions"
complete -c cdss -n "__fish_cdss_using_subcommand man" -a "upgrade check status list config-group config history sandbox completions man help"
