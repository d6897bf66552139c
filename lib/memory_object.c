/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The calls of the manual whose reply port is a receive right from which a send right is made
 * (D-32). With no reply port, MACH_PORT_NULL, nothing is made and no completion comes. The _poly
 * stubs take any disposition.
 */
#include <mach.h>

kern_return_t memory_object_data_supply(mach_port_t memory_control, vm_offset_t offset,
                                        vm_offset_t data, mach_msg_type_number_t data_count,
                                        boolean_t deallocate, vm_prot_t lock_value,
                                        boolean_t precious, mach_port_t reply_to)
{
    return memory_object_data_supply_poly(memory_control, offset, data, data_count, deallocate,
                                          lock_value, precious, reply_to, MACH_MSG_TYPE_MAKE_SEND);
}

kern_return_t memory_object_lock_request(mach_port_t memory_control, vm_offset_t offset,
                                         vm_size_t size, memory_object_return_t should_return,
                                         boolean_t should_flush, vm_prot_t lock_value,
                                         mach_port_t reply_to)
{
    return memory_object_lock_request_poly(memory_control, offset, size, should_return,
                                           should_flush, lock_value, reply_to,
                                           MACH_MSG_TYPE_MAKE_SEND);
}

kern_return_t memory_object_change_attributes(mach_port_t memory_control, boolean_t may_cache,
                                              memory_object_copy_strategy_t copy_strategy,
                                              mach_port_t reply_to)
{
    return memory_object_change_attributes_poly(memory_control, may_cache, copy_strategy, reply_to,
                                                MACH_MSG_TYPE_MAKE_SEND);
}

kern_return_t memory_object_change_attributes_flavor(mach_port_t memory_control,
                                                     memory_object_flavor_t flavor,
                                                     memory_object_info_t attributes,
                                                     mach_msg_type_number_t count,
                                                     mach_port_t reply_to)
{
    return memory_object_change_attributes_flavor_poly(memory_control, flavor, attributes, count,
                                                       reply_to, MACH_MSG_TYPE_MAKE_SEND);
}
