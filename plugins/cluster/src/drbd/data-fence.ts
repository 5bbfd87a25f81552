/** Begins the id of the constraint by which crm-fence-peer.sh keeps a node from being active that missed what the other one wrote. */
export const dataFence = 'drbd-fence-by-handler';

/** XPath of those constraints in the CIB. */
export const dataFences = `/cib/configuration/constraints/rsc_location[starts-with(@id,"${dataFence}")]`;
