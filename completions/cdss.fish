# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_cdss_global_optspecs
    string join \n profile= region= site= endpoint= cacert= o/output= color= q/quiet v/verbose V/version h/help
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

complete -c cdss -n "__fish_cdss_needs_command" -l profile -d 'Profile with keys and settings' -r
complete -c cdss -n "__fish_cdss_needs_command" -l region -d 'Region: KR, SGN, JPN, KRS or FKR' -r
complete -c cdss -n "__fish_cdss_needs_command" -l site -d 'Site: public (민간), gov (공공) or fin (금융)' -r
complete -c cdss -n "__fish_cdss_needs_command" -l endpoint -d 'Address of the service, in place of the site\'s own' -r
complete -c cdss -n "__fish_cdss_needs_command" -l cacert -d 'Certificate authorities to believe besides the system\'s, as PEM' -r
complete -c cdss -n "__fish_cdss_needs_command" -s o -l output -d 'Form of the result: table or json' -r
complete -c cdss -n "__fish_cdss_needs_command" -l color -d 'Colours: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c cdss -n "__fish_cdss_needs_command" -s q -l quiet -d 'Leave out progress and remarks; never a plan, never an error'
complete -c cdss -n "__fish_cdss_needs_command" -s v -l verbose -d 'Show settings; twice: requests; three times: answers'
complete -c cdss -n "__fish_cdss_needs_command" -s V -l version -d 'Print the version of cdss itself'
complete -c cdss -n "__fish_cdss_needs_command" -s h -l help -d 'Print help'
complete -c cdss -n "__fish_cdss_needs_command" -f -a "upgrade" -d 'Start a rolling upgrade and see it to the end'
complete -c cdss -n "__fish_cdss_needs_command" -f -a "check" -d 'Say whether an upgrade can be done and what would change; start nothing'
complete -c cdss -n "__fish_cdss_needs_command" -f -a "status" -d 'Say what the cluster is doing now, or follow it to the end'
complete -c cdss -n "__fish_cdss_needs_command" -f -a "list" -d 'List what there is: clusters, versions, config groups'
complete -c cdss -n "__fish_cdss_needs_command" -f -a "config-group" -d 'Compare Kafka settings of config groups; carry them to a new version'
complete -c cdss -n "__fish_cdss_needs_command" -f -a "config" -d 'Set up profiles and keys of cdss itself; Kafka\'s settings are in config groups'
complete -c cdss -n "__fish_cdss_needs_command" -f -a "history" -d 'Show the upgrades and config group copies that were run from this machine'
complete -c cdss -n "__fish_cdss_needs_command" -f -a "sandbox" -d 'Rehearse against a local CDSS: the very command that will run on production'
complete -c cdss -n "__fish_cdss_needs_command" -f -a "completions" -d 'Print the completion script of a shell'
complete -c cdss -n "__fish_cdss_using_subcommand upgrade" -l cluster -d 'Cluster, by number or exact name (no:… or name:… removes doubt)' -r
complete -c cdss -n "__fish_cdss_using_subcommand upgrade" -l version -d 'Kafka version to move to, such as 3.9.0; there is no default' -r
complete -c cdss -n "__fish_cdss_using_subcommand upgrade" -l config-group -d 'Config group; left out: the only one that keeps every custom value' -r
complete -c cdss -n "__fish_cdss_using_subcommand upgrade" -l accept -d 'Override a blocking check; the error prints the flag' -r
complete -c cdss -n "__fish_cdss_using_subcommand upgrade" -l timeout -d 'Stop waiting after this long; the upgrade goes on' -r
complete -c cdss -n "__fish_cdss_using_subcommand upgrade" -l poll -d 'Time between two looks; 15s by default' -r
complete -c cdss -n "__fish_cdss_using_subcommand upgrade" -l profile -d 'Profile with keys and settings' -r
complete -c cdss -n "__fish_cdss_using_subcommand upgrade" -l region -d 'Region: KR, SGN, JPN, KRS or FKR' -r
complete -c cdss -n "__fish_cdss_using_subcommand upgrade" -l site -d 'Site: public (민간), gov (공공) or fin (금융)' -r
complete -c cdss -n "__fish_cdss_using_subcommand upgrade" -l endpoint -d 'Address of the service, in place of the site\'s own' -r
complete -c cdss -n "__fish_cdss_using_subcommand upgrade" -l cacert -d 'Certificate authorities to believe besides the system\'s, as PEM' -r
complete -c cdss -n "__fish_cdss_using_subcommand upgrade" -s o -l output -d 'Form of the result: table or json' -r
complete -c cdss -n "__fish_cdss_using_subcommand upgrade" -l color -d 'Colours: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c cdss -n "__fish_cdss_using_subcommand upgrade" -s y -l yes -d 'Confirm without a question; overrules no check'
complete -c cdss -n "__fish_cdss_using_subcommand upgrade" -l require-journal -d 'Refuse to start if there is no journal (for pipelines that restore it)'
complete -c cdss -n "__fish_cdss_using_subcommand upgrade" -s n -l dry-run -d 'Do what `cdss check` does; start nothing'
complete -c cdss -n "__fish_cdss_using_subcommand upgrade" -l wait -d 'Wait for the end (the default)'
complete -c cdss -n "__fish_cdss_using_subcommand upgrade" -l no-wait -d 'Return as soon as the start is accepted'
complete -c cdss -n "__fish_cdss_using_subcommand upgrade" -s q -l quiet -d 'Leave out progress and remarks; never a plan, never an error'
complete -c cdss -n "__fish_cdss_using_subcommand upgrade" -s v -l verbose -d 'Show settings; twice: requests; three times: answers'
complete -c cdss -n "__fish_cdss_using_subcommand upgrade" -s h -l help -d 'Print help'
complete -c cdss -n "__fish_cdss_using_subcommand check" -l cluster -d 'Cluster, by number or exact name (no:… or name:… removes doubt)' -r
complete -c cdss -n "__fish_cdss_using_subcommand check" -l version -d 'Kafka version to move to, such as 3.9.0; left out: every newer one' -r
complete -c cdss -n "__fish_cdss_using_subcommand check" -l config-group -d 'Config group of that version, by number or exact name' -r
complete -c cdss -n "__fish_cdss_using_subcommand check" -l accept -d 'Override a blocking check; the error prints the flag' -r
complete -c cdss -n "__fish_cdss_using_subcommand check" -l profile -d 'Profile with keys and settings' -r
complete -c cdss -n "__fish_cdss_using_subcommand check" -l region -d 'Region: KR, SGN, JPN, KRS or FKR' -r
complete -c cdss -n "__fish_cdss_using_subcommand check" -l site -d 'Site: public (민간), gov (공공) or fin (금융)' -r
complete -c cdss -n "__fish_cdss_using_subcommand check" -l endpoint -d 'Address of the service, in place of the site\'s own' -r
complete -c cdss -n "__fish_cdss_using_subcommand check" -l cacert -d 'Certificate authorities to believe besides the system\'s, as PEM' -r
complete -c cdss -n "__fish_cdss_using_subcommand check" -s o -l output -d 'Form of the result: table or json' -r
complete -c cdss -n "__fish_cdss_using_subcommand check" -l color -d 'Colours: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c cdss -n "__fish_cdss_using_subcommand check" -s q -l quiet -d 'Leave out progress and remarks; never a plan, never an error'
complete -c cdss -n "__fish_cdss_using_subcommand check" -s v -l verbose -d 'Show settings; twice: requests; three times: answers'
complete -c cdss -n "__fish_cdss_using_subcommand check" -s h -l help -d 'Print help'
complete -c cdss -n "__fish_cdss_using_subcommand status" -l cluster -d 'Cluster, by number or exact name (no:… or name:… removes doubt)' -r
complete -c cdss -n "__fish_cdss_using_subcommand status" -l version -d 'Version that the upgrade goes to; without it no verdict is given' -r
complete -c cdss -n "__fish_cdss_using_subcommand status" -l from -d 'Version before the upgrade: a return to it is reported as failed' -r
complete -c cdss -n "__fish_cdss_using_subcommand status" -l timeout -d 'Stop following after this long; the upgrade goes on' -r
complete -c cdss -n "__fish_cdss_using_subcommand status" -l poll -d 'Time between two looks; 15s by default' -r
complete -c cdss -n "__fish_cdss_using_subcommand status" -l profile -d 'Profile with keys and settings' -r
complete -c cdss -n "__fish_cdss_using_subcommand status" -l region -d 'Region: KR, SGN, JPN, KRS or FKR' -r
complete -c cdss -n "__fish_cdss_using_subcommand status" -l site -d 'Site: public (민간), gov (공공) or fin (금융)' -r
complete -c cdss -n "__fish_cdss_using_subcommand status" -l endpoint -d 'Address of the service, in place of the site\'s own' -r
complete -c cdss -n "__fish_cdss_using_subcommand status" -l cacert -d 'Certificate authorities to believe besides the system\'s, as PEM' -r
complete -c cdss -n "__fish_cdss_using_subcommand status" -s o -l output -d 'Form of the result: table or json' -r
complete -c cdss -n "__fish_cdss_using_subcommand status" -l color -d 'Colours: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c cdss -n "__fish_cdss_using_subcommand status" -l watch -d 'Follow until the change has ended'
complete -c cdss -n "__fish_cdss_using_subcommand status" -s q -l quiet -d 'Leave out progress and remarks; never a plan, never an error'
complete -c cdss -n "__fish_cdss_using_subcommand status" -s v -l verbose -d 'Show settings; twice: requests; three times: answers'
complete -c cdss -n "__fish_cdss_using_subcommand status" -s h -l help -d 'Print help'
complete -c cdss -n "__fish_cdss_using_subcommand list; and not __fish_seen_subcommand_from clusters versions config-groups" -l profile -d 'Profile with keys and settings' -r
complete -c cdss -n "__fish_cdss_using_subcommand list; and not __fish_seen_subcommand_from clusters versions config-groups" -l region -d 'Region: KR, SGN, JPN, KRS or FKR' -r
complete -c cdss -n "__fish_cdss_using_subcommand list; and not __fish_seen_subcommand_from clusters versions config-groups" -l site -d 'Site: public (민간), gov (공공) or fin (금융)' -r
complete -c cdss -n "__fish_cdss_using_subcommand list; and not __fish_seen_subcommand_from clusters versions config-groups" -l endpoint -d 'Address of the service, in place of the site\'s own' -r
complete -c cdss -n "__fish_cdss_using_subcommand list; and not __fish_seen_subcommand_from clusters versions config-groups" -l cacert -d 'Certificate authorities to believe besides the system\'s, as PEM' -r
complete -c cdss -n "__fish_cdss_using_subcommand list; and not __fish_seen_subcommand_from clusters versions config-groups" -s o -l output -d 'Form of the result: table or json' -r
complete -c cdss -n "__fish_cdss_using_subcommand list; and not __fish_seen_subcommand_from clusters versions config-groups" -l color -d 'Colours: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c cdss -n "__fish_cdss_using_subcommand list; and not __fish_seen_subcommand_from clusters versions config-groups" -s q -l quiet -d 'Leave out progress and remarks; never a plan, never an error'
complete -c cdss -n "__fish_cdss_using_subcommand list; and not __fish_seen_subcommand_from clusters versions config-groups" -s v -l verbose -d 'Show settings; twice: requests; three times: answers'
complete -c cdss -n "__fish_cdss_using_subcommand list; and not __fish_seen_subcommand_from clusters versions config-groups" -s h -l help -d 'Print help'
complete -c cdss -n "__fish_cdss_using_subcommand list; and not __fish_seen_subcommand_from clusters versions config-groups" -f -a "clusters" -d 'List the clusters of the region, with those that the key may not touch'
complete -c cdss -n "__fish_cdss_using_subcommand list; and not __fish_seen_subcommand_from clusters versions config-groups" -f -a "versions" -d 'List the Kafka versions that the service offers'
complete -c cdss -n "__fish_cdss_using_subcommand list; and not __fish_seen_subcommand_from clusters versions config-groups" -f -a "config-groups" -d 'List the config groups, of all versions or of one'
complete -c cdss -n "__fish_cdss_using_subcommand list; and __fish_seen_subcommand_from clusters" -l profile -d 'Profile with keys and settings' -r
complete -c cdss -n "__fish_cdss_using_subcommand list; and __fish_seen_subcommand_from clusters" -l region -d 'Region: KR, SGN, JPN, KRS or FKR' -r
complete -c cdss -n "__fish_cdss_using_subcommand list; and __fish_seen_subcommand_from clusters" -l site -d 'Site: public (민간), gov (공공) or fin (금융)' -r
complete -c cdss -n "__fish_cdss_using_subcommand list; and __fish_seen_subcommand_from clusters" -l endpoint -d 'Address of the service, in place of the site\'s own' -r
complete -c cdss -n "__fish_cdss_using_subcommand list; and __fish_seen_subcommand_from clusters" -l cacert -d 'Certificate authorities to believe besides the system\'s, as PEM' -r
complete -c cdss -n "__fish_cdss_using_subcommand list; and __fish_seen_subcommand_from clusters" -s o -l output -d 'Form of the result: table or json' -r
complete -c cdss -n "__fish_cdss_using_subcommand list; and __fish_seen_subcommand_from clusters" -l color -d 'Colours: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c cdss -n "__fish_cdss_using_subcommand list; and __fish_seen_subcommand_from clusters" -s q -l quiet -d 'Leave out progress and remarks; never a plan, never an error'
complete -c cdss -n "__fish_cdss_using_subcommand list; and __fish_seen_subcommand_from clusters" -s v -l verbose -d 'Show settings; twice: requests; three times: answers'
complete -c cdss -n "__fish_cdss_using_subcommand list; and __fish_seen_subcommand_from clusters" -s h -l help -d 'Print help'
complete -c cdss -n "__fish_cdss_using_subcommand list; and __fish_seen_subcommand_from versions" -l profile -d 'Profile with keys and settings' -r
complete -c cdss -n "__fish_cdss_using_subcommand list; and __fish_seen_subcommand_from versions" -l region -d 'Region: KR, SGN, JPN, KRS or FKR' -r
complete -c cdss -n "__fish_cdss_using_subcommand list; and __fish_seen_subcommand_from versions" -l site -d 'Site: public (민간), gov (공공) or fin (금융)' -r
complete -c cdss -n "__fish_cdss_using_subcommand list; and __fish_seen_subcommand_from versions" -l endpoint -d 'Address of the service, in place of the site\'s own' -r
complete -c cdss -n "__fish_cdss_using_subcommand list; and __fish_seen_subcommand_from versions" -l cacert -d 'Certificate authorities to believe besides the system\'s, as PEM' -r
complete -c cdss -n "__fish_cdss_using_subcommand list; and __fish_seen_subcommand_from versions" -s o -l output -d 'Form of the result: table or json' -r
complete -c cdss -n "__fish_cdss_using_subcommand list; and __fish_seen_subcommand_from versions" -l color -d 'Colours: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c cdss -n "__fish_cdss_using_subcommand list; and __fish_seen_subcommand_from versions" -s q -l quiet -d 'Leave out progress and remarks; never a plan, never an error'
complete -c cdss -n "__fish_cdss_using_subcommand list; and __fish_seen_subcommand_from versions" -s v -l verbose -d 'Show settings; twice: requests; three times: answers'
complete -c cdss -n "__fish_cdss_using_subcommand list; and __fish_seen_subcommand_from versions" -s h -l help -d 'Print help'
complete -c cdss -n "__fish_cdss_using_subcommand list; and __fish_seen_subcommand_from config-groups" -l version -d 'Only the groups of this Kafka version' -r
complete -c cdss -n "__fish_cdss_using_subcommand list; and __fish_seen_subcommand_from config-groups" -l profile -d 'Profile with keys and settings' -r
complete -c cdss -n "__fish_cdss_using_subcommand list; and __fish_seen_subcommand_from config-groups" -l region -d 'Region: KR, SGN, JPN, KRS or FKR' -r
complete -c cdss -n "__fish_cdss_using_subcommand list; and __fish_seen_subcommand_from config-groups" -l site -d 'Site: public (민간), gov (공공) or fin (금융)' -r
complete -c cdss -n "__fish_cdss_using_subcommand list; and __fish_seen_subcommand_from config-groups" -l endpoint -d 'Address of the service, in place of the site\'s own' -r
complete -c cdss -n "__fish_cdss_using_subcommand list; and __fish_seen_subcommand_from config-groups" -l cacert -d 'Certificate authorities to believe besides the system\'s, as PEM' -r
complete -c cdss -n "__fish_cdss_using_subcommand list; and __fish_seen_subcommand_from config-groups" -s o -l output -d 'Form of the result: table or json' -r
complete -c cdss -n "__fish_cdss_using_subcommand list; and __fish_seen_subcommand_from config-groups" -l color -d 'Colours: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c cdss -n "__fish_cdss_using_subcommand list; and __fish_seen_subcommand_from config-groups" -s q -l quiet -d 'Leave out progress and remarks; never a plan, never an error'
complete -c cdss -n "__fish_cdss_using_subcommand list; and __fish_seen_subcommand_from config-groups" -s v -l verbose -d 'Show settings; twice: requests; three times: answers'
complete -c cdss -n "__fish_cdss_using_subcommand list; and __fish_seen_subcommand_from config-groups" -s h -l help -d 'Print help'
complete -c cdss -n "__fish_cdss_using_subcommand config-group; and not __fish_seen_subcommand_from diff copy" -l profile -d 'Profile with keys and settings' -r
complete -c cdss -n "__fish_cdss_using_subcommand config-group; and not __fish_seen_subcommand_from diff copy" -l region -d 'Region: KR, SGN, JPN, KRS or FKR' -r
complete -c cdss -n "__fish_cdss_using_subcommand config-group; and not __fish_seen_subcommand_from diff copy" -l site -d 'Site: public (민간), gov (공공) or fin (금융)' -r
complete -c cdss -n "__fish_cdss_using_subcommand config-group; and not __fish_seen_subcommand_from diff copy" -l endpoint -d 'Address of the service, in place of the site\'s own' -r
complete -c cdss -n "__fish_cdss_using_subcommand config-group; and not __fish_seen_subcommand_from diff copy" -l cacert -d 'Certificate authorities to believe besides the system\'s, as PEM' -r
complete -c cdss -n "__fish_cdss_using_subcommand config-group; and not __fish_seen_subcommand_from diff copy" -s o -l output -d 'Form of the result: table or json' -r
complete -c cdss -n "__fish_cdss_using_subcommand config-group; and not __fish_seen_subcommand_from diff copy" -l color -d 'Colours: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c cdss -n "__fish_cdss_using_subcommand config-group; and not __fish_seen_subcommand_from diff copy" -s q -l quiet -d 'Leave out progress and remarks; never a plan, never an error'
complete -c cdss -n "__fish_cdss_using_subcommand config-group; and not __fish_seen_subcommand_from diff copy" -s v -l verbose -d 'Show settings; twice: requests; three times: answers'
complete -c cdss -n "__fish_cdss_using_subcommand config-group; and not __fish_seen_subcommand_from diff copy" -s h -l help -d 'Print help'
complete -c cdss -n "__fish_cdss_using_subcommand config-group; and not __fish_seen_subcommand_from diff copy" -f -a "diff" -d 'Say what differs between two config groups, setting by setting'
complete -c cdss -n "__fish_cdss_using_subcommand config-group; and not __fish_seen_subcommand_from diff copy" -f -a "copy" -d 'Make a config group for another version with the values of this one'
complete -c cdss -n "__fish_cdss_using_subcommand config-group; and __fish_seen_subcommand_from diff" -l profile -d 'Profile with keys and settings' -r
complete -c cdss -n "__fish_cdss_using_subcommand config-group; and __fish_seen_subcommand_from diff" -l region -d 'Region: KR, SGN, JPN, KRS or FKR' -r
complete -c cdss -n "__fish_cdss_using_subcommand config-group; and __fish_seen_subcommand_from diff" -l site -d 'Site: public (민간), gov (공공) or fin (금융)' -r
complete -c cdss -n "__fish_cdss_using_subcommand config-group; and __fish_seen_subcommand_from diff" -l endpoint -d 'Address of the service, in place of the site\'s own' -r
complete -c cdss -n "__fish_cdss_using_subcommand config-group; and __fish_seen_subcommand_from diff" -l cacert -d 'Certificate authorities to believe besides the system\'s, as PEM' -r
complete -c cdss -n "__fish_cdss_using_subcommand config-group; and __fish_seen_subcommand_from diff" -s o -l output -d 'Form of the result: table or json' -r
complete -c cdss -n "__fish_cdss_using_subcommand config-group; and __fish_seen_subcommand_from diff" -l color -d 'Colours: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c cdss -n "__fish_cdss_using_subcommand config-group; and __fish_seen_subcommand_from diff" -l exit-code -d 'Exit with 20 when a setting differs, the versions\' own defaults included'
complete -c cdss -n "__fish_cdss_using_subcommand config-group; and __fish_seen_subcommand_from diff" -s q -l quiet -d 'Leave out progress and remarks; never a plan, never an error'
complete -c cdss -n "__fish_cdss_using_subcommand config-group; and __fish_seen_subcommand_from diff" -s v -l verbose -d 'Show settings; twice: requests; three times: answers'
complete -c cdss -n "__fish_cdss_using_subcommand config-group; and __fish_seen_subcommand_from diff" -s h -l help -d 'Print help'
complete -c cdss -n "__fish_cdss_using_subcommand config-group; and __fish_seen_subcommand_from copy" -l cluster -d 'Copy the config group that this cluster uses' -r
complete -c cdss -n "__fish_cdss_using_subcommand config-group; and __fish_seen_subcommand_from copy" -l version -d 'Kafka version of the new config group, such as 3.9.0' -r
complete -c cdss -n "__fish_cdss_using_subcommand config-group; and __fish_seen_subcommand_from copy" -l name -d 'Name of the new group; left out: FROM\'s with the new version\'s digits' -r
complete -c cdss -n "__fish_cdss_using_subcommand config-group; and __fish_seen_subcommand_from copy" -l profile -d 'Profile with keys and settings' -r
complete -c cdss -n "__fish_cdss_using_subcommand config-group; and __fish_seen_subcommand_from copy" -l region -d 'Region: KR, SGN, JPN, KRS or FKR' -r
complete -c cdss -n "__fish_cdss_using_subcommand config-group; and __fish_seen_subcommand_from copy" -l site -d 'Site: public (민간), gov (공공) or fin (금융)' -r
complete -c cdss -n "__fish_cdss_using_subcommand config-group; and __fish_seen_subcommand_from copy" -l endpoint -d 'Address of the service, in place of the site\'s own' -r
complete -c cdss -n "__fish_cdss_using_subcommand config-group; and __fish_seen_subcommand_from copy" -l cacert -d 'Certificate authorities to believe besides the system\'s, as PEM' -r
complete -c cdss -n "__fish_cdss_using_subcommand config-group; and __fish_seen_subcommand_from copy" -s o -l output -d 'Form of the result: table or json' -r
complete -c cdss -n "__fish_cdss_using_subcommand config-group; and __fish_seen_subcommand_from copy" -l color -d 'Colours: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c cdss -n "__fish_cdss_using_subcommand config-group; and __fish_seen_subcommand_from copy" -s n -l dry-run -d 'Say what would be carried and what left out; make nothing'
complete -c cdss -n "__fish_cdss_using_subcommand config-group; and __fish_seen_subcommand_from copy" -s y -l yes -d 'Confirm without a question'
complete -c cdss -n "__fish_cdss_using_subcommand config-group; and __fish_seen_subcommand_from copy" -s q -l quiet -d 'Leave out progress and remarks; never a plan, never an error'
complete -c cdss -n "__fish_cdss_using_subcommand config-group; and __fish_seen_subcommand_from copy" -s v -l verbose -d 'Show settings; twice: requests; three times: answers'
complete -c cdss -n "__fish_cdss_using_subcommand config-group; and __fish_seen_subcommand_from copy" -s h -l help -d 'Print help'
complete -c cdss -n "__fish_cdss_using_subcommand config; and not __fish_seen_subcommand_from init list show verify set remove" -l profile -d 'Profile with keys and settings' -r
complete -c cdss -n "__fish_cdss_using_subcommand config; and not __fish_seen_subcommand_from init list show verify set remove" -l region -d 'Region: KR, SGN, JPN, KRS or FKR' -r
complete -c cdss -n "__fish_cdss_using_subcommand config; and not __fish_seen_subcommand_from init list show verify set remove" -l site -d 'Site: public (민간), gov (공공) or fin (금융)' -r
complete -c cdss -n "__fish_cdss_using_subcommand config; and not __fish_seen_subcommand_from init list show verify set remove" -l endpoint -d 'Address of the service, in place of the site\'s own' -r
complete -c cdss -n "__fish_cdss_using_subcommand config; and not __fish_seen_subcommand_from init list show verify set remove" -l cacert -d 'Certificate authorities to believe besides the system\'s, as PEM' -r
complete -c cdss -n "__fish_cdss_using_subcommand config; and not __fish_seen_subcommand_from init list show verify set remove" -s o -l output -d 'Form of the result: table or json' -r
complete -c cdss -n "__fish_cdss_using_subcommand config; and not __fish_seen_subcommand_from init list show verify set remove" -l color -d 'Colours: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c cdss -n "__fish_cdss_using_subcommand config; and not __fish_seen_subcommand_from init list show verify set remove" -s q -l quiet -d 'Leave out progress and remarks; never a plan, never an error'
complete -c cdss -n "__fish_cdss_using_subcommand config; and not __fish_seen_subcommand_from init list show verify set remove" -s v -l verbose -d 'Show settings; twice: requests; three times: answers'
complete -c cdss -n "__fish_cdss_using_subcommand config; and not __fish_seen_subcommand_from init list show verify set remove" -s h -l help -d 'Print help'
complete -c cdss -n "__fish_cdss_using_subcommand config; and not __fish_seen_subcommand_from init list show verify set remove" -f -a "init" -d 'Ask for a profile\'s key, site and region, and write them down'
complete -c cdss -n "__fish_cdss_using_subcommand config; and not __fish_seen_subcommand_from init list show verify set remove" -f -a "list" -d 'List the profiles, each with its file'
complete -c cdss -n "__fish_cdss_using_subcommand config; and not __fish_seen_subcommand_from init list show verify set remove" -f -a "show" -d 'Show the settings in force, each with where it comes from'
complete -c cdss -n "__fish_cdss_using_subcommand config; and not __fish_seen_subcommand_from init list show verify set remove" -f -a "verify" -d 'Try the way to the service step by step, and what the key may do there; change nothing'
complete -c cdss -n "__fish_cdss_using_subcommand config; and not __fish_seen_subcommand_from init list show verify set remove" -f -a "set" -d 'Set one value of a profile'
complete -c cdss -n "__fish_cdss_using_subcommand config; and not __fish_seen_subcommand_from init list show verify set remove" -f -a "remove" -d 'Remove a profile, or one value of it'
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from init" -l profile -d 'Profile with keys and settings' -r
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from init" -l region -d 'Region: KR, SGN, JPN, KRS or FKR' -r
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from init" -l site -d 'Site: public (민간), gov (공공) or fin (금융)' -r
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from init" -l endpoint -d 'Address of the service, in place of the site\'s own' -r
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from init" -l cacert -d 'Certificate authorities to believe besides the system\'s, as PEM' -r
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from init" -s o -l output -d 'Form of the result: table or json' -r
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from init" -l color -d 'Colours: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from init" -s q -l quiet -d 'Leave out progress and remarks; never a plan, never an error'
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from init" -s v -l verbose -d 'Show settings; twice: requests; three times: answers'
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from init" -s h -l help -d 'Print help'
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from list" -l profile -d 'Profile with keys and settings' -r
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from list" -l region -d 'Region: KR, SGN, JPN, KRS or FKR' -r
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from list" -l site -d 'Site: public (민간), gov (공공) or fin (금융)' -r
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from list" -l endpoint -d 'Address of the service, in place of the site\'s own' -r
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from list" -l cacert -d 'Certificate authorities to believe besides the system\'s, as PEM' -r
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from list" -s o -l output -d 'Form of the result: table or json' -r
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from list" -l color -d 'Colours: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Leave out progress and remarks; never a plan, never an error'
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Show settings; twice: requests; three times: answers'
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from show" -l profile -d 'Profile with keys and settings' -r
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from show" -l region -d 'Region: KR, SGN, JPN, KRS or FKR' -r
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from show" -l site -d 'Site: public (민간), gov (공공) or fin (금융)' -r
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from show" -l endpoint -d 'Address of the service, in place of the site\'s own' -r
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from show" -l cacert -d 'Certificate authorities to believe besides the system\'s, as PEM' -r
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from show" -s o -l output -d 'Form of the result: table or json' -r
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from show" -l color -d 'Colours: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Leave out progress and remarks; never a plan, never an error'
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Show settings; twice: requests; three times: answers'
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help'
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from verify" -l profile -d 'Profile with keys and settings' -r
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from verify" -l region -d 'Region: KR, SGN, JPN, KRS or FKR' -r
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from verify" -l site -d 'Site: public (민간), gov (공공) or fin (금융)' -r
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from verify" -l endpoint -d 'Address of the service, in place of the site\'s own' -r
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from verify" -l cacert -d 'Certificate authorities to believe besides the system\'s, as PEM' -r
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from verify" -s o -l output -d 'Form of the result: table or json' -r
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from verify" -l color -d 'Colours: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from verify" -s q -l quiet -d 'Leave out progress and remarks; never a plan, never an error'
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from verify" -s v -l verbose -d 'Show settings; twice: requests; three times: answers'
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from verify" -s h -l help -d 'Print help'
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from set" -l profile -d 'Profile with keys and settings' -r
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from set" -l region -d 'Region: KR, SGN, JPN, KRS or FKR' -r
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from set" -l site -d 'Site: public (민간), gov (공공) or fin (금융)' -r
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from set" -l endpoint -d 'Address of the service, in place of the site\'s own' -r
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from set" -l cacert -d 'Certificate authorities to believe besides the system\'s, as PEM' -r
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from set" -s o -l output -d 'Form of the result: table or json' -r
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from set" -l color -d 'Colours: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from set" -l stdin -d 'Read the value from standard input'
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from set" -s q -l quiet -d 'Leave out progress and remarks; never a plan, never an error'
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from set" -s v -l verbose -d 'Show settings; twice: requests; three times: answers'
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from set" -s h -l help -d 'Print help'
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from remove" -l profile -d 'Profile with keys and settings' -r
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from remove" -l region -d 'Region: KR, SGN, JPN, KRS or FKR' -r
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from remove" -l site -d 'Site: public (민간), gov (공공) or fin (금융)' -r
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from remove" -l endpoint -d 'Address of the service, in place of the site\'s own' -r
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from remove" -l cacert -d 'Certificate authorities to believe besides the system\'s, as PEM' -r
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from remove" -s o -l output -d 'Form of the result: table or json' -r
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from remove" -l color -d 'Colours: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from remove" -s y -l yes -d 'Don\'t ask'
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from remove" -s q -l quiet -d 'Leave out progress and remarks; never a plan, never an error'
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from remove" -s v -l verbose -d 'Show settings; twice: requests; three times: answers'
complete -c cdss -n "__fish_cdss_using_subcommand config; and __fish_seen_subcommand_from remove" -s h -l help -d 'Print help'
complete -c cdss -n "__fish_cdss_using_subcommand history" -l profile -d 'Profile with keys and settings' -r
complete -c cdss -n "__fish_cdss_using_subcommand history" -l region -d 'Region: KR, SGN, JPN, KRS or FKR' -r
complete -c cdss -n "__fish_cdss_using_subcommand history" -l site -d 'Site: public (민간), gov (공공) or fin (금융)' -r
complete -c cdss -n "__fish_cdss_using_subcommand history" -l endpoint -d 'Address of the service, in place of the site\'s own' -r
complete -c cdss -n "__fish_cdss_using_subcommand history" -l cacert -d 'Certificate authorities to believe besides the system\'s, as PEM' -r
complete -c cdss -n "__fish_cdss_using_subcommand history" -s o -l output -d 'Form of the result: table or json' -r
complete -c cdss -n "__fish_cdss_using_subcommand history" -l color -d 'Colours: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c cdss -n "__fish_cdss_using_subcommand history" -l repair -d 'List damaged journal lines and stop them from blocking upgrades'
complete -c cdss -n "__fish_cdss_using_subcommand history" -l init -d 'Create an empty journal if there is none'
complete -c cdss -n "__fish_cdss_using_subcommand history" -s q -l quiet -d 'Leave out progress and remarks; never a plan, never an error'
complete -c cdss -n "__fish_cdss_using_subcommand history" -s v -l verbose -d 'Show settings; twice: requests; three times: answers'
complete -c cdss -n "__fish_cdss_using_subcommand history" -s h -l help -d 'Print help'
complete -c cdss -n "__fish_cdss_using_subcommand sandbox" -l scenario -d 'What the service does; `--list` shows all' -r
complete -c cdss -n "__fish_cdss_using_subcommand sandbox" -l cluster -d 'Add a cluster under a name of your own' -r
complete -c cdss -n "__fish_cdss_using_subcommand sandbox" -l port -d 'Port on 127.0.0.1; any free one by default' -r
complete -c cdss -n "__fish_cdss_using_subcommand sandbox" -l profile -d 'Profile with keys and settings' -r
complete -c cdss -n "__fish_cdss_using_subcommand sandbox" -l region -d 'Region: KR, SGN, JPN, KRS or FKR' -r
complete -c cdss -n "__fish_cdss_using_subcommand sandbox" -l site -d 'Site: public (민간), gov (공공) or fin (금융)' -r
complete -c cdss -n "__fish_cdss_using_subcommand sandbox" -l endpoint -d 'Address of the service, in place of the site\'s own' -r
complete -c cdss -n "__fish_cdss_using_subcommand sandbox" -l cacert -d 'Certificate authorities to believe besides the system\'s, as PEM' -r
complete -c cdss -n "__fish_cdss_using_subcommand sandbox" -s o -l output -d 'Form of the result: table or json' -r
complete -c cdss -n "__fish_cdss_using_subcommand sandbox" -l color -d 'Colours: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c cdss -n "__fish_cdss_using_subcommand sandbox" -l list -d 'List the scenarios, each with the exit code of `upgrade`'
complete -c cdss -n "__fish_cdss_using_subcommand sandbox" -s q -l quiet -d 'Leave out progress and remarks; never a plan, never an error'
complete -c cdss -n "__fish_cdss_using_subcommand sandbox" -s v -l verbose -d 'Show settings; twice: requests; three times: answers'
complete -c cdss -n "__fish_cdss_using_subcommand sandbox" -s h -l help -d 'Print help'
complete -c cdss -n "__fish_cdss_using_subcommand completions" -l profile -d 'Profile with keys and settings' -r
complete -c cdss -n "__fish_cdss_using_subcommand completions" -l region -d 'Region: KR, SGN, JPN, KRS or FKR' -r
complete -c cdss -n "__fish_cdss_using_subcommand completions" -l site -d 'Site: public (민간), gov (공공) or fin (금융)' -r
complete -c cdss -n "__fish_cdss_using_subcommand completions" -l endpoint -d 'Address of the service, in place of the site\'s own' -r
complete -c cdss -n "__fish_cdss_using_subcommand completions" -l cacert -d 'Certificate authorities to believe besides the system\'s, as PEM' -r
complete -c cdss -n "__fish_cdss_using_subcommand completions" -s o -l output -d 'Form of the result: table or json' -r
complete -c cdss -n "__fish_cdss_using_subcommand completions" -l color -d 'Colours: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c cdss -n "__fish_cdss_using_subcommand completions" -s q -l quiet -d 'Leave out progress and remarks; never a plan, never an error'
complete -c cdss -n "__fish_cdss_using_subcommand completions" -s v -l verbose -d 'Show settings; twice: requests; three times: answers'
complete -c cdss -n "__fish_cdss_using_subcommand completions" -s h -l help -d 'Print help'
